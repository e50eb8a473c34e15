//! What a job asks of the nodes and GPUs that it gets, besides how many.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::NodeName;
use crate::memory;
use crate::node::{Gpu, Node};
use crate::refusal::Refusal;

/// Every GPU and node of the job's lease is as this says. The default asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Constraints {
    /// One of these models, each by words of its name such as `H100`; empty: any.
    pub gpu_models: Vec<String>,
    /// At least this much memory on each GPU.
    pub min_gpu_mem_bytes: Option<u64>,
    /// On these nodes only; empty: on any.
    pub nodes: Vec<NodeName>,
    /// Not on these nodes.
    pub exclude: Vec<NodeName>,
    /// All GPUs on a node from one NVLink island.
    pub nvlink: bool,
}

/// One of the things that a job may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Constraint {
    GpuModel,
    GpuMem,
    Nodelist,
    Exclude,
    Nvlink,
}

impl Constraint {
    pub const ALL: [Constraint; 5] = [
        Constraint::GpuModel,
        Constraint::GpuMem,
        Constraint::Nodelist,
        Constraint::Exclude,
        Constraint::Nvlink,
    ];

    /// The field of a request that asks it.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Constraint::GpuModel => "gpu_model",
            Constraint::GpuMem => "gpu_mem",
            Constraint::Nodelist => "nodelist",
            Constraint::Exclude => "exclude",
            Constraint::Nvlink => "nvlink",
        }
    }
}

impl Constraints {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        Constraint::ALL.iter().all(|one| !self.asks(*one))
    }

    #[must_use]
    pub fn asks(&self, one: Constraint) -> bool {
        match one {
            Constraint::GpuModel => !self.gpu_models.is_empty(),
            Constraint::GpuMem => self.min_gpu_mem_bytes.is_some(),
            Constraint::Nodelist => !self.nodes.is_empty(),
            Constraint::Exclude => !self.exclude.is_empty(),
            Constraint::Nvlink => self.nvlink,
        }
    }

    /// The same, but for one thing.
    #[must_use]
    pub fn without(&self, one: Constraint) -> Self {
        let mut less = self.clone();
        match one {
            Constraint::GpuModel => less.gpu_models.clear(),
            Constraint::GpuMem => less.min_gpu_mem_bytes = None,
            Constraint::Nodelist => less.nodes.clear(),
            Constraint::Exclude => less.exclude.clear(),
            Constraint::Nvlink => less.nvlink = false,
        }
        less
    }

    /// Only this one thing of it.
    #[must_use]
    pub fn only(&self, one: Constraint) -> Self {
        let others = Constraint::ALL.into_iter().filter(|other| *other != one);
        others.fold(self.clone(), |less, other| less.without(other))
    }

    #[must_use]
    pub fn allows_node(&self, name: &NodeName) -> bool {
        (self.nodes.is_empty() || self.nodes.contains(name)) && !self.exclude.contains(name)
    }

    #[must_use]
    pub fn allows_gpu(&self, model: &str, mem_total_bytes: u64) -> bool {
        let model = self.gpu_models.is_empty()
            || self.gpu_models.iter().any(|wanted| is_model(model, wanted));
        model
            && self
                .min_gpu_mem_bytes
                .is_none_or(|least| mem_total_bytes >= least)
    }

    /// How many GPUs of a node one job could have that asks this.
    #[must_use]
    pub fn gpus_of(&self, node: &Node) -> usize {
        if !self.allows_node(&node.name) {
            return 0;
        }
        let fits = |gpu: &&Gpu| self.allows_gpu(&gpu.model, gpu.mem_total_bytes);
        let mut islands: BTreeMap<Option<u32>, usize> = BTreeMap::new();
        for gpu in node.gpus.iter().filter(fits) {
            let island = gpu.nvlink_island.filter(|_| self.nvlink);
            *islands.entry(island).or_default() += 1;
        }
        islands.values().copied().max().unwrap_or(0)
    }

    /// Whether `count` of these nodes could give `per_node` GPUs each, if all were free.
    #[must_use]
    pub fn fit<'a>(
        &self,
        nodes: impl IntoIterator<Item = &'a Node>,
        count: u32,
        per_node: u32,
    ) -> bool {
        let could = |node: &&Node| {
            let gpus = self.gpus_of(node) >= per_node as usize;
            node.present && self.allows_node(&node.name) && gpus
        };
        nodes.into_iter().filter(could).count() >= count as usize
    }

    /// Whether the cluster could ever give a job of this size what it asks.
    ///
    /// # Errors
    /// What there is none of, at the field that asks for it.
    pub fn check<'a>(
        &self,
        nodes: impl IntoIterator<Item = &'a Node, IntoIter: Clone>,
        count: u32,
        per_node: u32,
    ) -> Result<(), Refusal> {
        let nodes = nodes.into_iter();
        if self.is_empty() {
            return Ok(());
        }
        self.known_nodes(nodes.clone())?;
        if per_node == 0 {
            let about_gpus = [Constraint::GpuModel, Constraint::GpuMem, Constraint::Nvlink];
            if let Some(one) = about_gpus.into_iter().find(|one| self.asks(*one)) {
                return Err(Refusal::invalid(
                    one.field(),
                    format!(
                        "The job asks for no GPU, so {} means nothing: leave it out, or ask for \
                         GPUs.",
                        one.field()
                    ),
                ));
            }
        }
        let present = nodes.filter(|node| node.present);
        self.known_gpus(&present)?;
        if self.fit(present.clone(), count, per_node) {
            return Ok(());
        }
        // One of them alone may be too much; else it is all of them together.
        let asked = || Constraint::ALL.into_iter().filter(|one| self.asks(*one));
        let to_blame = asked()
            .find(|one| !self.only(*one).fit(present.clone(), count, per_node))
            .or_else(|| {
                asked().find(|one| self.without(*one).fit(present.clone(), count, per_node))
            })
            .or_else(|| asked().next());
        let enough = present
            .filter(|node| self.allows_node(&node.name) && self.gpus_of(node) >= per_node as usize)
            .count();
        let gpus = if per_node == 1 { "GPU" } else { "GPUs" };
        let (asked, phrase) = (format!("{per_node} {gpus}"), self.phrase());
        Err(Refusal::invalid(
            to_blame.map_or("gpus", Constraint::field),
            match count {
                1 => format!("No node could ever give {asked} {phrase}. Ask for less."),
                _ => format!(
                    "{enough} of the nodes could ever give {asked} each {phrase}; {count} were \
                     asked for."
                ),
            },
        ))
    }

    fn known_nodes<'a>(
        &self,
        nodes: impl Iterator<Item = &'a Node> + Clone,
    ) -> Result<(), Refusal> {
        let lists = [
            (Constraint::Nodelist, &self.nodes),
            (Constraint::Exclude, &self.exclude),
        ];
        for (list, names) in lists {
            let unknown = names
                .iter()
                .find(|name| !nodes.clone().any(|node| node.name == **name));
            if let Some(name) = unknown {
                let there: Vec<&str> = nodes.map(|node| node.name.as_str()).collect();
                return Err(Refusal::invalid(
                    list.field(),
                    format!(
                        "There is no node '{}'; there are: {}.",
                        name.as_str().escape_debug(),
                        some(&there)
                    ),
                ));
            }
        }
        Ok(())
    }

    fn known_gpus<'a>(
        &self,
        nodes: &(impl Iterator<Item = &'a Node> + Clone),
    ) -> Result<(), Refusal> {
        let gpus = || nodes.clone().flat_map(|node| &node.gpus);
        let unknown = self
            .gpu_models
            .iter()
            .find(|wanted| !gpus().any(|gpu| is_model(&gpu.model, wanted)));
        if let Some(wanted) = unknown {
            let mut models: BTreeMap<&str, usize> = BTreeMap::new();
            for gpu in gpus() {
                *models.entry(short_model(&gpu.model)).or_default() += 1;
            }
            let there: Vec<String> = models
                .iter()
                .map(|(model, count)| format!("{model} ({count})"))
                .collect();
            let there: Vec<&str> = there.iter().map(String::as_str).collect();
            return Err(Refusal::invalid(
                Constraint::GpuModel.field(),
                format!(
                    "No node has a GPU whose model is '{}'; there are: {}.",
                    wanted.escape_debug(),
                    some(&there)
                ),
            ));
        }
        let largest = gpus().map(|gpu| gpu.mem_total_bytes).max().unwrap_or(0);
        if let Some(least) = self.min_gpu_mem_bytes.filter(|least| *least > largest) {
            return Err(Refusal::invalid(
                Constraint::GpuMem.field(),
                format!(
                    "No GPU has {}; the largest has {}.",
                    memory::words(least),
                    memory::words(largest)
                ),
            ));
        }
        Ok(())
    }

    /// What is asked of each GPU, to follow "none of them": `is an H100, has 80 GB or more`.
    pub(crate) fn predicates(&self) -> Vec<String> {
        let mut all = Vec::new();
        if !self.gpu_models.is_empty() {
            let models: Vec<String> = self.gpu_models.iter().map(|m| with_article(m)).collect();
            all.push(format!("is {}", either(&models)));
        }
        if let Some(least) = self.min_gpu_mem_bytes {
            all.push(format!("has {} or more", memory::words(least)));
        }
        if !self.nodes.is_empty() {
            all.push(format!("is on {}", either(&self.nodes)));
        }
        if !self.exclude.is_empty() {
            all.push(format!("is elsewhere than on {}", either(&self.exclude)));
        }
        all
    }

    /// What is asked of GPUs, to follow "GPUs": `of model H100, with 80 GB or more, on node-1`.
    #[must_use]
    pub fn phrase(&self) -> String {
        let mut all = Vec::new();
        if !self.gpu_models.is_empty() {
            all.push(format!("of model {}", either(&self.gpu_models)));
        }
        if let Some(least) = self.min_gpu_mem_bytes {
            all.push(format!("with {} or more", memory::words(least)));
        }
        if !self.nodes.is_empty() {
            all.push(format!("on {}", either(&self.nodes)));
        }
        if !self.exclude.is_empty() {
            all.push(format!("not on {}", either(&self.exclude)));
        }
        if self.nvlink {
            all.push("in one NVLink island".to_owned());
        }
        all.join(", ")
    }
}

/// Whether all of these words are words of a model's name, in any case: `h100` and `H100 80GB` are
/// `NVIDIA H100 80GB HBM3`, `100` is not.
fn is_model(model: &str, wanted: &str) -> bool {
    words(wanted).all(|wanted| words(model).any(|word| word.eq_ignore_ascii_case(wanted)))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|ch: char| !ch.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// Whether a text has a word to match a model with.
pub(crate) fn names_a_model(text: &str) -> bool {
    words(text).next().is_some()
}

fn short_model(model: &str) -> &str {
    model.strip_prefix("NVIDIA ").unwrap_or(model)
}

/// `an H100`, `a B200`, `a GeForce`: capitals and digits are spelled out when they are said.
fn with_article(model: &str) -> String {
    let word = model.split_whitespace().next().unwrap_or(model);
    let spelled = !word.chars().any(char::is_lowercase);
    let vowels = if spelled {
        "AEFHILMNORSX8"
    } else {
        "AEIOU8aeiou"
    };
    let article = if word.starts_with(|ch| vowels.contains(ch)) {
        "an"
    } else {
        "a"
    };
    format!("{article} {model}")
}

fn either<T: ToString>(all: &[T]) -> String {
    let all: Vec<String> = all.iter().map(ToString::to_string).collect();
    match all.as_slice() {
        [most @ .., last] if !most.is_empty() => format!("{} or {last}", most.join(", ")),
        _ => all.concat(),
    }
}

/// A list that stays a sentence in a large cluster.
fn some(all: &[&str]) -> String {
    const NAMED: usize = 12;
    match all.len().checked_sub(NAMED) {
        None if all.is_empty() => "none".to_owned(),
        None | Some(0) => all.join(", "),
        Some(more) => format!("{} and {more} more", all[..NAMED].join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::GpuUuid;
    use crate::node::NodeSource;

    fn node(name: &str, models: &[(&str, u64, Option<u32>)]) -> Node {
        let gpu = |(index, (model, gb, island)): (usize, &(&str, u64, Option<u32>))| {
            let uuid = GpuUuid(format!("{name}-{index}"));
            let index = u32::try_from(index).unwrap();
            Gpu {
                nvlink_island: *island,
                ..Gpu::new(index, uuid, model, gb * 1_000_000_000)
            }
        };
        let gpus = models.iter().enumerate().map(gpu).collect();
        Node::new(NodeName::from(name), NodeSource::Local, gpus)
    }

    fn cluster() -> Vec<Node> {
        let h100 = ("NVIDIA H100 80GB HBM3", 85, None);
        let pair = |island| ("NVIDIA A100-SXM4-40GB", 42, Some(island));
        vec![
            node("node-1", &[h100; 4]),
            node("node-2", &[pair(0), pair(0), pair(1), pair(1)]),
        ]
    }

    fn models(all: &[&str]) -> Constraints {
        Constraints {
            gpu_models: all.iter().map(|one| (*one).to_owned()).collect(),
            ..Constraints::default()
        }
    }

    fn refusal(asks: &Constraints, count: u32, per_node: u32) -> (String, String) {
        let refusal = asks.check(&cluster(), count, per_node).unwrap_err();
        (refusal.field().unwrap().to_owned(), refusal.to_string())
    }

    #[test]
    fn a_model_is_matched_by_whole_words_in_any_case() {
        let h100 = "NVIDIA H100 80GB HBM3";
        for wanted in ["H100", "h100", "nvidia h100", "H100-80GB", "H100 80gb"] {
            assert!(is_model(h100, wanted), "{wanted}");
        }
        for wanted in ["100", "H10", "H100 96GB", "A100"] {
            assert!(!is_model(h100, wanted), "{wanted}");
        }
    }

    #[test]
    fn what_there_is_none_of_is_named_with_what_there_is() {
        assert_eq!(
            refusal(&models(&["H100", "B200"]), 1, 1),
            (
                "gpu_model".to_owned(),
                "No node has a GPU whose model is 'B200'; there are: A100-SXM4-40GB (4), H100 80GB \
                 HBM3 (4)."
                    .to_owned()
            )
        );
        let asks = Constraints {
            nodes: vec![NodeName::from("node-9")],
            ..Constraints::default()
        };
        assert_eq!(
            refusal(&asks, 1, 1).1,
            "There is no node 'node-9'; there are: node-1, node-2."
        );
        let asks = Constraints {
            min_gpu_mem_bytes: Some(96_000_000_000),
            ..Constraints::default()
        };
        assert_eq!(
            refusal(&asks, 1, 1).1,
            "No GPU has 96 GB; the largest has 85 GB."
        );
    }

    #[test]
    fn together_they_may_be_too_much() {
        let asks = Constraints {
            nodes: vec![NodeName::from("node-2")],
            ..models(&["H100"])
        };
        let (field, why) = refusal(&asks, 1, 1);
        assert_eq!(field, "gpu_model");
        assert_eq!(
            why,
            "No node could ever give 1 GPU of model H100, on node-2. Ask for less."
        );
        let island = Constraints {
            nvlink: true,
            ..models(&["A100"])
        };
        assert_eq!(island.check(&cluster(), 1, 2), Ok(()));
        assert_eq!(
            refusal(&island, 1, 3).1,
            "No node could ever give 3 GPUs of model A100, in one NVLink island. Ask for less."
        );
        assert_eq!(
            refusal(&island, 2, 2).1,
            "1 of the nodes could ever give 2 GPUs each of model A100, in one NVLink island; 2 \
             were asked for."
        );
        // Without a word about islands a node is one.
        let island = Constraints {
            nvlink: true,
            ..models(&["H100"])
        };
        assert_eq!(island.check(&cluster(), 1, 4), Ok(()));
    }

    #[test]
    fn a_job_without_gpus_asks_nothing_of_them() {
        assert_eq!(refusal(&models(&["H100"]), 1, 0).0, "gpu_model");
        let asks = Constraints {
            exclude: vec![NodeName::from("node-1")],
            ..Constraints::default()
        };
        assert_eq!(asks.check(&cluster(), 1, 0), Ok(()));
        assert_eq!(refusal(&asks, 2, 0).0, "exclude");
    }

    #[test]
    fn articles_are_as_they_are_said() {
        let said = ["H100", "A100", "B200", "L40S", "V100", "GeForce RTX", "T4"].map(with_article);
        assert_eq!(
            said,
            [
                "an H100",
                "an A100",
                "a B200",
                "an L40S",
                "a V100",
                "a GeForce RTX",
                "a T4"
            ]
        );
    }
}
