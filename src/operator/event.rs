//! Events, as `kubectl describe` and `kubectl events` show them.
//!
//! An event's name follows from what it tells, so that an operator that was ended
//! after telling it, and before keeping the status, does not tell it twice. The
//! recorder of kube-runtime counts what it told in memory, which is gone then.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::{Resource, ResourceExt};
use sha2::{Digest, Sha256};

use super::resource::DriftWatch;
use super::status::Notice;

/// Who tells it, in the form of a qualified name.
const CONTROLLER: &str = "drift.dgxc.io/eidos-watch";
/// What the operator was doing.
const ACTION: &str = "Compare";
/// What the API server takes of a note, in bytes.
const LONGEST_NOTE: usize = 1024;

/// The event of a notice about a watch, as it was before the notice.
pub(super) fn event(
    watch: &DriftWatch,
    notice: &Notice,
    run: Option<&str>,
    instance: &str,
    now: Timestamp,
) -> Event {
    let mut note = notice.message.clone();
    while note.len() > LONGEST_NOTE {
        note.pop();
    }
    let status = watch.status.as_ref();
    let last_run = status.and_then(|status| status.last_run_time.as_ref());
    let told: [&str; 5] = [
        watch.meta().uid.as_deref().unwrap_or_default(),
        &last_run.map(|time| time.0.to_string()).unwrap_or_default(),
        run.unwrap_or_default(),
        &notice.reason,
        &notice.message,
    ];
    let mut digest = hex::encode(Sha256::digest(told.join("\n")));
    digest.truncate(16);
    Event {
        metadata: ObjectMeta {
            name: Some(format!("{}.{digest}", watch.name_any())),
            namespace: watch.namespace(),
            ..ObjectMeta::default()
        },
        event_time: Some(MicroTime(now)),
        reporting_controller: Some(CONTROLLER.to_owned()),
        reporting_instance: Some(instance.to_owned()),
        action: Some(ACTION.to_owned()),
        reason: Some(notice.reason.clone()),
        note: Some(note),
        type_: Some(if notice.warning { "Warning" } else { "Normal" }.to_owned()),
        regarding: Some(ObjectReference {
            // Of the object itself: an event about one version is about all.
            resource_version: None,
            ..watch.object_ref(&())
        }),
        ..Event::default()
    }
}
