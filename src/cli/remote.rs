//! A server that answers instead of the embedded rules.
//!
//! What it is asked is what the commands would have asked the engine; its answers
//! are read back, so that every format is shown by the same code.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::exit::Failure;
use super::variables::{trust, variable};
use super::{input, output};
use crate::archive::unpack;
use crate::assess::Verdict;
use crate::bundle::File;
use crate::client::service::{Address, Media, Question, Request, Service, ServiceError};
use crate::client::{Retry, SystemClock};
use crate::diff::Change;
use crate::model::Recipe;
use crate::wire::{
    DocumentError, DriftRequest, DriftRequestDocument, Format, encode, read_drift_report,
    read_recipe, read_validation,
};

/// For one attempt, and for all of them.
const PATIENCE: Duration = Duration::from_secs(30);

/// Who answers, if not the embedded rules.
#[derive(Debug, Args)]
pub(super) struct RemoteArguments {
    /// Ask this server instead of the embedded rules; the API key is in
    /// `EIDOS_API_KEY` [env: `EIDOS_SERVER`].
    #[arg(long, value_name = "URL")]
    server: Option<String>,
}

impl RemoteArguments {
    /// The server, if one was named.
    pub(super) fn remote(&self) -> Result<Option<Remote>, Failure> {
        let Some(text) = self.server.clone().or_else(|| variable("EIDOS_SERVER")) else {
            return Ok(None);
        };
        let address =
            Address::parse(&text).map_err(|error| Failure::Query(vec![error.to_string()]))?;
        let service = Service::new(address, variable("EIDOS_API_KEY"), &trust(), PATIENCE)?;
        Ok(Some(Remote { service }))
    }
}

/// A server that is asked.
pub(super) struct Remote {
    service: Service,
}

/// Decoded pairs of a query string.
pub(super) type Pairs<'a> = [(&'a str, &'a str)];

impl Remote {
    /// The recipe for an environment or a node, as written and as read.
    pub(super) fn recipe(
        &self,
        pairs: &Pairs<'_>,
        document: Option<&[u8]>,
        format: Format,
    ) -> Result<(Vec<u8>, Recipe), Failure> {
        let bytes = self.ask(Question::Recipe, pairs, document, media(format))?;
        let recipe = read_recipe(&bytes, format).map_err(strange)?;
        for note in &recipe.notes {
            output::complain(note);
        }
        Ok((bytes, recipe))
    }

    /// How far a node is from the recipe for it, as written and as read.
    pub(super) fn verdict(
        &self,
        pairs: &Pairs<'_>,
        snapshot: &[u8],
        format: Format,
    ) -> Result<(Vec<u8>, Verdict), Failure> {
        let bytes = self.ask(Question::Validate, pairs, Some(snapshot), media(format))?;
        let (verdict, notes) = read_validation(&bytes, format).map_err(strange)?;
        for note in notes {
            output::complain(&note);
        }
        Ok((bytes, verdict))
    }

    /// What differs between two snapshots.
    pub(super) fn changes(&self, both: &DriftRequest) -> Result<Vec<Change>, Failure> {
        let body = encode(Format::Json, &DriftRequestDocument::from(both))?;
        let bytes = self.ask(Question::Drift, &[], Some(&body), Media::Json)?;
        read_drift_report(&bytes, Format::Json).map_err(strange)
    }

    /// The files of a recipe's bundles.
    pub(super) fn files(&self, pairs: &Pairs<'_>, recipe: &[u8]) -> Result<Vec<File>, Failure> {
        let bytes = self.ask(Question::Bundle, pairs, Some(recipe), Media::Zip)?;
        unpack(&bytes).map_err(Failure::Archive)
    }

    fn ask(
        &self,
        question: Question,
        parameters: &Pairs<'_>,
        document: Option<&[u8]>,
        answer: Media,
    ) -> Result<Vec<u8>, Failure> {
        let request = Request {
            question,
            parameters,
            document: document.map(|bytes| (media(input::format_of(bytes)), bytes)),
            answer,
        };
        let clock = SystemClock::default();
        let asked = Retry::within(&clock, PATIENCE).run(
            || self.service.ask(&request),
            |error: &ServiceError, wait| {
                let seconds = wait.as_secs_f32();
                output::complain(&format!("{error}; again in {seconds:.1} s"));
            },
        );
        Ok(asked?)
    }
}

const fn media(format: Format) -> Media {
    match format {
        Format::Json => Media::Json,
        Format::Yaml => Media::Yaml,
    }
}

fn strange(error: DocumentError) -> Failure {
    Failure::Document {
        path: PathBuf::from("the server's answer"),
        error,
    }
}
