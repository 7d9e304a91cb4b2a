//! The hot path under an instruction counter: one scenario, `COUNT` times, in
//! this process and on this thread.
//!
//! Says that it is ready, waits for a line, and from there to the end does what is
//! counted and nothing else: `counts.py` turns callgrind on in between. No socket
//! is involved: what the kernel does for a request is neither ours nor repeatable.

use std::error::Error;
use std::future::Future;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use actix_http::{Request, Response};
use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::{AppConfig, Service, ServiceFactory};
use actix_web::http::{Method, header};
use actix_web::rt::{System, SystemRunner};
use actix_web::test::TestRequest;
use actix_web::web;
use eidos::http::{State, build_service};
use eidos::library;
use eidos::model::Query;
use eidos::rules::{RuleBase, compile};
use eidos::settings::Settings;
use eidos::telemetry::Stream;

const URI: &str = "/v1/recipe?os=ubuntu&osv=24.04&service=eks&k8s=1.33.5&gpu=h100&intent=training";
/// Matches as many generated overlays whatever their number.
const COLD: &str = "/v1/recipe?os=ubuntu&service=eks&k8s=1.30.0&gpu=gb200&intent=training";

type Fallible<T> = Result<T, Box<dyn Error>>;

fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Cargo's own arguments come with dashes.
    let mut arguments = arguments.iter().filter(|one| !one.starts_with("--"));
    let (Some(scenario), Some(count)) = (arguments.next(), arguments.next()) else {
        return Err("usage: hot_path SCENARIO COUNT [RULES | SNAPSHOT]".into());
    };
    let file = arguments.next().map(Path::new);
    let posted = file.filter(|_| scenario == "post").map(Posted::read);
    let rules = rules(file.filter(|_| posted.is_none()))?;
    let scenario = Scenario {
        name: scenario,
        posted: posted.transpose()?,
    };
    run(&System::new(), &scenario, count.parse()?, rules)
}

/// What every counted request is.
struct Scenario<'a> {
    name: &'a str,
    posted: Option<Posted>,
}

/// A snapshot in a file, its format by the extension.
struct Posted {
    media_type: &'static str,
    body: Vec<u8>,
}

impl Posted {
    fn read(path: &Path) -> Fallible<Self> {
        let yaml = path
            .extension()
            .is_some_and(|extension| extension == "yaml");
        let media_type = if yaml {
            "application/yaml"
        } else {
            "application/json"
        };
        let body = std::fs::read(path)?;
        Ok(Self { media_type, body })
    }
}

fn rules(path: Option<&Path>) -> Fallible<RuleBase> {
    let texts = path.map_or_else(|| Ok(library::embedded()), library::read)?;
    let compiled = compile(&texts.files, &texts.defaults, &texts.digest);
    Ok(compiled.map_err(|_| "the rule base has errors")?.rules)
}

fn run(
    system: &SystemRunner,
    scenario: &Scenario<'_>,
    count: usize,
    rules: RuleBase,
) -> Fallible<()> {
    if scenario.name == "query" {
        return measured(system, async {
            parse(&rules, count);
            Ok(())
        });
    }
    let level = if scenario.name == "log" {
        "info"
    } else {
        "warn"
    };
    let settings = Settings::from_lookup(|name| {
        let value = match name {
            "LOG_LEVEL" => level,
            // A limit that nobody reaches: accounting and headers, no refusal.
            "RATE_LIMIT" | "RATE_BURST" => "1000000",
            _ => return None,
        };
        Some(value.to_owned())
    });
    let settings = settings.map_err(|_| "the settings have errors")?;
    let log = Arc::new(Stream::new(std::io::sink()));
    let state = web::Data::new(State::new(settings, rules, None, log)?);
    let made = build_service(state).new_service(AppConfig::default());
    let service = system
        .block_on(made)
        .map_err(|()| "the service cannot be made")?;
    // What is cached, is cached from here on.
    let tag = system.block_on(ask(&service, get(URI).to_request()))?;
    let requests: Vec<Request> = (0..count)
        .map(|number| request(scenario, number, &tag))
        .collect::<Fallible<_>>()?;
    let other = request(scenario, count, &tag)?;
    system.block_on(ask(&service, other))?;
    measured(system, async {
        for request in requests {
            let _ = ask(&service, request).await?;
        }
        Ok(())
    })
}

/// Does what is counted, once someone counts, and ends the process.
fn measured(system: &SystemRunner, work: impl Future<Output = Fallible<()>>) -> Fallible<()> {
    writeln!(io::stdout(), "ready")?;
    io::stdin().read_line(&mut String::new())?;
    system.block_on(work)?;
    // Freeing a large rule base takes longer than all that was counted.
    std::process::exit(0)
}

fn get(uri: &str) -> TestRequest {
    let address = std::net::SocketAddr::from(([192, 0, 2, 7], 4711));
    TestRequest::get().uri(uri).peer_addr(address)
}

fn request(scenario: &Scenario<'_>, number: usize, tag: &str) -> Fallible<Request> {
    let request = match scenario.name {
        "hit" | "log" => get(URI),
        "unchanged" => get(URI).insert_header((header::IF_NONE_MATCH, tag)),
        "gzip" => get(URI).insert_header((header::ACCEPT_ENCODING, "gzip")),
        "head" => get(URI).method(Method::HEAD),
        "cold" => get(&format!("{COLD}&osv={number}.04")),
        "post" => {
            let posted = scenario.posted.as_ref().ok_or("no snapshot is named")?;
            TestRequest::post()
                .uri("/v1/recipe")
                .insert_header((header::CONTENT_TYPE, posted.media_type))
                .set_payload(posted.body.clone())
        }
        other => return Err(format!("no scenario `{other}`").into()),
    };
    // What a real request has, and the server looks at.
    let request = request.insert_header((header::HOST, "127.0.0.1:8080"));
    Ok(request.to_request())
}

/// Sends a request; the answer's entity tag.
async fn ask<S, B>(service: &S, request: Request) -> Fallible<String>
where
    S: Service<Request, Response = Response<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let response = service.call(request).await?;
    if !matches!(response.status().as_u16(), 200 | 304) {
        return Err(response.status().to_string().into());
    }
    let tag = response.headers().get(header::ETAG);
    let tag = tag
        .map_or("", |tag| tag.to_str().unwrap_or_default())
        .to_owned();
    to_bytes(response.into_body())
        .await
        .map_err(|_| "the body broke off")?;
    Ok(tag)
}

/// Reads a query and writes it in its canonical form.
fn parse(rules: &RuleBase, count: usize) {
    let words = rules.vocabulary();
    let (_, text) = URI.split_once('?').unwrap_or_default();
    for _ in 0..count {
        let mut query = Query::default();
        for (name, value) in text.split('&').filter_map(|pair| pair.split_once('=')) {
            if let Some(parameter) = words.parameter(std::hint::black_box(name)) {
                let _ = query.set(words, parameter, value);
            }
        }
        std::hint::black_box(query.canonical(words));
    }
}
