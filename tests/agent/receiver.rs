//! A receiver that misbehaves as it is told to, and keeps what it was sent.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver as Inbox, Sender};
use std::sync::{Arc, Mutex};
use std::thread;

use super::PATIENCE;

/// What becomes of one connection.
#[derive(Debug, Clone)]
pub enum Turn {
    /// The answer to a snapshot.
    Recipe,
    /// Any answer: status, more headers, body.
    Say(u16, &'static str, String),
    /// Reads half of the body and is gone, as a process that is killed.
    Die,
    /// Reads everything and is gone.
    DieAfter,
    /// Reads everything and says nothing for ever.
    Silence,
}

/// One post, as far as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    pub line: String,
    pub key: String,
    pub body: Vec<u8>,
}

pub struct Receiver {
    pub address: SocketAddr,
    posts: Arc<Mutex<Vec<Post>>>,
    arrived: Inbox<()>,
}

impl Receiver {
    /// After the turns it was told, it behaves.
    pub fn start(turns: impl IntoIterator<Item = Turn>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let posts = Arc::new(Mutex::new(Vec::new()));
        let (sender, arrived) = mpsc::channel();
        let mut turns: VecDeque<Turn> = turns.into_iter().collect();
        let kept = Arc::clone(&posts);
        thread::spawn(move || {
            // Silent connections are kept open.
            let mut silent = Vec::new();
            for stream in listener.incoming().map_while(Result::ok) {
                let turn = turns.pop_front().unwrap_or(Turn::Recipe);
                if let Some(stream) = serve(stream, &turn, &kept, &sender) {
                    silent.push(stream);
                }
            }
        });
        Self {
            address,
            posts,
            arrived,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every post that arrived whole.
    pub fn posts(&self) -> Vec<Post> {
        self.posts.lock().unwrap().clone()
    }

    /// Waits until one more post has arrived whole.
    pub fn wait(&self) {
        self.arrived.recv_timeout(PATIENCE).unwrap();
    }
}

pub fn error(code: &str, retryable: bool) -> String {
    format!(
        r#"{{"code":"{code}","message":"said the test","details":{{}},"requestId":"r-1","timestamp":"2026-01-01T00:00:00Z","retryable":{retryable}}}"#
    )
}

fn serve(
    stream: TcpStream,
    turn: &Turn,
    posts: &Mutex<Vec<Post>>,
    arrived: &Sender<()>,
) -> Option<TcpStream> {
    let mut reader = BufReader::new(stream);
    let mut post = Post {
        line: String::new(),
        key: String::new(),
        body: Vec::new(),
    };
    let mut length = 0;
    reader.read_line(&mut post.line).ok()?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        match &*name.to_ascii_lowercase() {
            "content-length" => length = value.trim().parse().unwrap(),
            "authorization" => value.trim().clone_into(&mut post.key),
            _ => {}
        }
    }
    if matches!(turn, Turn::Die) {
        length /= 2;
    }
    post.body = vec![0; length];
    reader.read_exact(&mut post.body).ok()?;
    let mut stream = reader.into_inner();
    let (status, headers, body) = match turn {
        Turn::Die => return None,
        Turn::Recipe => (200, "", r#"{"kind":"Recipe","a":1}"#.to_owned() + "\n"),
        Turn::Say(status, headers, body) => (*status, *headers, body.replace("KEY", &post.key)),
        Turn::DieAfter | Turn::Silence => (0, "", String::new()),
    };
    posts.lock().unwrap().push(post);
    // Nobody waits for most of them.
    let _ = arrived.send(());
    match turn {
        Turn::DieAfter => return None,
        Turn::Silence => return Some(stream),
        _ => {}
    }
    let answer = format!(
        "HTTP/1.1 {status} -\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(answer.as_bytes());
    None
}
