//! An OpenAI-compatible endpoint on a port of its own that answers by a script: text, calls of tools
//! cut into pieces, errors, garbage, silence. What it was asked is kept, as it came.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "for tests, which end where something is wrong"
)]

mod wire;

use std::fmt;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::net::TcpListener;

/// One request, as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    /// The names in small letters.
    pub headers: Vec<(String, String)>,
    pub body: Value,
    /// How many came before it.
    pub number: usize,
}

impl Asked {
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// What the tools answered since the model spoke last, oldest first.
    #[must_use]
    pub fn answers(&self) -> Vec<String> {
        let messages = self.body["messages"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let last = messages
            .iter()
            .rev()
            .take_while(|message| message["role"] == "tool");
        let mut texts: Vec<String> = last.map(|message| text(&message["content"])).collect();
        texts.reverse();
        texts
    }

    /// Everything that it was told, one text.
    #[must_use]
    pub fn told(&self) -> String {
        let messages = self.body["messages"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let texts: Vec<String> = messages
            .iter()
            .map(|message| text(&message["content"]))
            .collect();
        texts.join("\n")
    }
}

fn text(content: &Value) -> String {
    content
        .as_str()
        .map_or_else(|| content.to_string(), str::to_owned)
}

/// What it answers.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Text in these pieces.
    Says(Vec<String>),
    /// Calls of tools, with what stands in their arguments, JSON or not.
    Calls(Vec<(String, String)>),
    /// Text in these pieces, and then calls.
    SaysAndCalls(Vec<String>, Vec<(String, String)>),
    /// The same without a count of tokens.
    Uncounted(Box<Reply>),
    /// An error, with `Retry-After` in seconds, and a body.
    Fails {
        status: u16,
        retry_after: Option<u64>,
        body: String,
    },
    /// A page, as proxies show it.
    Garbage,
    /// A stream in which no JSON is.
    NoJson,
    /// Nothing at all, and the connection stays open.
    Silence,
    /// This, and then nothing more, and the connection stays open.
    Stalls(Vec<String>),
    /// This, and then the connection is closed.
    BreaksOff(Vec<String>),
    /// A stream as it stands here.
    Raw(String),
}

impl Reply {
    #[must_use]
    pub fn says(text: &str) -> Self {
        // A word a piece.
        Reply::Says(text.split_inclusive(' ').map(str::to_owned).collect())
    }

    #[must_use]
    pub fn calls(tool: &str, arguments: &Value) -> Self {
        Reply::Calls(vec![(tool.to_owned(), arguments.to_string())])
    }

    #[must_use]
    pub fn fails(status: u16) -> Self {
        Reply::Fails {
            status,
            retry_after: None,
            body: r#"{"error": {"message": "it is broken"}}"#.to_owned(),
        }
    }
}

type Script = Arc<Mutex<dyn FnMut(&Asked) -> Reply + Send>>;

/// The endpoint. It answers until the test ends.
#[derive(Clone)]
pub struct ScriptedModel {
    /// `http://127.0.0.1:PORT/v1`.
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl fmt::Debug for ScriptedModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedModel")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl ScriptedModel {
    /// Each request is answered by what the script says to it.
    pub async fn start(script: impl FnMut(&Asked) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let model = ScriptedModel {
            url: format!("http://{}/v1", listener.local_addr().unwrap()),
            asked: Arc::default(),
        };
        let script: Script = Arc::new(Mutex::new(script));
        let asked = model.asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, asked) = (script.clone(), asked.clone());
                tokio::spawn(async move {
                    let decide = |mut request: Asked| {
                        let mut all = asked.lock().unwrap();
                        request.number = all.len();
                        all.push(request.clone());
                        drop(all);
                        (script.lock().unwrap())(&request)
                    };
                    wire::answer(stream, decide).await;
                });
            }
        });
        model
    }

    /// These answers, one after the other; the last one again and again.
    pub async fn with(replies: Vec<Reply>) -> Self {
        let mut rest = replies.into_iter();
        let mut last = Reply::fails(500);
        let script = move |_: &Asked| {
            last = rest.next().unwrap_or_else(|| last.clone());
            last.clone()
        };
        Self::start(script).await
    }

    /// What it was asked until now.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}
