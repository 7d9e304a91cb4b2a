//! The floor: the HTTP library below the service with nothing around it, which
//! gives one file under one head to everybody, or 304 to whoever names any entity tag.

use std::convert::Infallible;
use std::error::Error;
use std::net::TcpListener;

use actix_http::header::{CONTENT_TYPE, HeaderName, HeaderValue, IF_NONE_MATCH};
use actix_http::{HttpMessage, HttpService, Request, Response, StatusCode};
use actix_server::Server;
use actix_web::rt::System;
use bytes::Bytes;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Cargo's own arguments come with dashes.
    let mut arguments = arguments.iter().filter(|one| !one.starts_with("--"));
    let (Some(port), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("usage: bare PORT FILE [NAME: VALUE]...".into());
    };
    let head = arguments
        .map(|line| header(line))
        .collect::<Result<_, _>>()?;
    let listener = TcpListener::bind(("127.0.0.1", port.parse()?))?;
    let kept = Kept {
        head,
        file: Bytes::from(std::fs::read(file)?),
    };
    System::new().block_on(async {
        let server = Server::build()
            .workers(1)
            .listen("bare", listener, move || {
                let kept = kept.clone();
                HttpService::build()
                    .finish(move |request: Request| {
                        let answer = kept.answer(&request);
                        async { Ok::<_, Infallible>(answer) }
                    })
                    .tcp()
            })?;
        server.run().await
    })?;
    Ok(())
}

type Header = (HeaderName, HeaderValue);

fn header(line: &str) -> Result<Header, Box<dyn Error>> {
    let (name, value) = line.split_once(": ").ok_or("a header is NAME: VALUE")?;
    Ok((name.parse()?, value.parse()?))
}

/// What everybody gets.
#[derive(Clone)]
struct Kept {
    head: Vec<Header>,
    file: Bytes,
}

impl Kept {
    fn answer(&self, request: &Request) -> Response<Bytes> {
        let unchanged = request.headers().contains_key(IF_NONE_MATCH);
        let mut answer = if unchanged {
            Response::new(StatusCode::NOT_MODIFIED).set_body(Bytes::new())
        } else {
            Response::ok().set_body(self.file.clone())
        };
        for (name, value) in &self.head {
            if !unchanged || *name != CONTENT_TYPE {
                answer.headers_mut().insert(name.clone(), value.clone());
            }
        }
        answer
    }
}
