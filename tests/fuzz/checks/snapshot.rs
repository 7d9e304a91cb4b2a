//! Posted documents: whatever is read is written so that it reads back as the same,
//! in both formats.

use eidos::assess::imply;
use eidos::model::{Snapshot, Vocabulary};
use eidos::wire::{
    Document, Format, SnapshotDocument, encode, read_batch, read_document, read_drift,
    read_snapshot,
};

/// A document in either format.
pub fn run(data: &[u8]) {
    for format in [Format::Json, Format::Yaml] {
        if let Ok(Document::Snapshot(snapshot)) = read_document(data, format) {
            written_and_read_back(&snapshot);
            let _ = imply(&snapshot, &Vocabulary::default());
        }
        if let Ok(drift) = read_drift(data, format) {
            written_and_read_back(&drift.baseline);
            written_and_read_back(&drift.current);
        }
        let _ = read_batch(data, format);
    }
}

fn written_and_read_back(snapshot: &Snapshot) {
    for format in [Format::Json, Format::Yaml] {
        let text = encode(format, &SnapshotDocument::new(snapshot)).unwrap();
        let again = read_snapshot(&text, format).unwrap();
        assert_eq!(again.metadata, snapshot.metadata);
        assert!(again.readings.keys().eq(snapshot.readings.keys()));
        for (path, reading) in &snapshot.readings {
            // A large integer becomes a text that means the same.
            let found = &again.readings[path];
            assert!(found.agrees_with(reading), "{path}: {reading:?}, {found:?}");
        }
    }
}
