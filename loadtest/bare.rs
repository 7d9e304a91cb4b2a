//! The floor: the HTTP library below the service with nothing around it, which
//! gives one file to everybody, or 304 to whoever names any entity tag.

use std::convert::Infallible;
use std::error::Error;
use std::net::TcpListener;

use actix_http::header::{CONTENT_TYPE, HeaderValue, IF_NONE_MATCH};
use actix_http::{HttpMessage, HttpService, Request, Response, StatusCode};
use actix_server::Server;
use actix_web::rt::System;
use bytes::Bytes;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Cargo's own arguments come with dashes.
    let mut arguments = arguments.iter().filter(|one| !one.starts_with("--"));
    let (Some(port), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("usage: bare PORT FILE".into());
    };
    let listener = TcpListener::bind(("127.0.0.1", port.parse()?))?;
    let file = Bytes::from(std::fs::read(file)?);
    System::new().block_on(async {
        let server = Server::build()
            .workers(1)
            .listen("bare", listener, move || {
                let file = file.clone();
                HttpService::build()
                    .finish(move |request: Request| {
                        let answer = answer(&request, &file);
                        async { Ok::<_, Infallible>(answer) }
                    })
                    .tcp()
            })?;
        server.run().await
    })?;
    Ok(())
}

fn answer(request: &Request, file: &Bytes) -> Response<Bytes> {
    if request.headers().contains_key(IF_NONE_MATCH) {
        return Response::new(StatusCode::NOT_MODIFIED).set_body(Bytes::new());
    }
    let mut answer = Response::ok().set_body(file.clone());
    let json = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(CONTENT_TYPE, json);
    answer
}
