//! By what GPUs are told apart on the dashboard: whose they are, or how they are.

use berth_api::views::GpuView;
use leptos::prelude::*;

use crate::format;
use crate::live::Holding;
use crate::texts::gpus as t;

/// A GPU that is held and not busier than this does nothing, in percent.
const IDLE_PCT: f32 = 5.0;
/// From where to where a GPU is warm, in degrees Celsius.
const COOL: f32 = 30.0;
const HOT: f32 = 90.0;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lens {
    #[default]
    User,
    Job,
    Project,
    Busy,
    Temperature,
    Idle,
}

/// The page's, as a context.
#[derive(Clone, Copy, Debug)]
struct Through(Memo<Lens>);

impl Lens {
    pub const ALL: [Lens; 6] = [
        Lens::User,
        Lens::Job,
        Lens::Project,
        Lens::Busy,
        Lens::Temperature,
        Lens::Idle,
    ];

    /// On the switch.
    pub fn word(self) -> &'static str {
        match self {
            Lens::User => t::USER,
            Lens::Job => t::JOB,
            Lens::Project => t::PROJECT,
            Lens::Busy => t::BUSY,
            Lens::Temperature => t::HEAT,
            Lens::Idle => t::IDLE,
        }
    }

    /// In addresses; the first needs none.
    pub fn name(self) -> &'static str {
        match self {
            Lens::User => "",
            Lens::Job => "job",
            Lens::Project => "project",
            Lens::Busy => "busy",
            Lens::Temperature => "temperature",
            Lens::Idle => "idle",
        }
    }

    pub fn named(name: &str) -> Self {
        let found = Self::ALL.into_iter().find(|lens| lens.name() == name);
        found.unwrap_or_default()
    }

    /// Whether what it shows changes with the figures, and not only with who holds a GPU.
    pub fn reads_figures(self) -> bool {
        matches!(self, Lens::Busy | Lens::Temperature | Lens::Idle)
    }

    /// What the colours say.
    pub fn legend(self) -> &'static str {
        match self {
            Lens::User => t::USER_LEGEND,
            Lens::Job => t::JOB_LEGEND,
            Lens::Project => t::PROJECT_LEGEND,
            Lens::Busy => t::BUSY_LEGEND,
            Lens::Temperature => t::HEAT_LEGEND,
            Lens::Idle => t::IDLE_LEGEND,
        }
    }

    /// Makes it what every tile below looks through.
    pub fn provide(lens: Memo<Lens>) {
        provide_context(Through(lens));
    }

    /// That of the page; outside the dashboard the usual one. Follows it.
    pub fn here() -> Signal<Lens> {
        match use_context::<Through>() {
            Some(Through(lens)) => lens.into(),
            None => Signal::derive(Lens::default),
        }
    }
}

/// How a tile looks.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// Classes of the style.
    pub class: String,
    /// 0 to 1, where the colour tells a figure.
    pub heat: Option<f32>,
    /// What the colour says, where that needs a word.
    pub word: Option<&'static str>,
}

impl Look {
    fn plain(class: impl Into<String>) -> Self {
        Look {
            class: class.into(),
            heat: None,
            word: None,
        }
    }
}

/// A GPU through a lens; `project` is that of the job that holds it. Without figures it looks as if nothing were
/// known of them.
pub fn look(
    lens: Lens,
    holding: &Holding,
    figures: Option<&GpuView>,
    project: Option<&str>,
) -> Look {
    let busy = figures.and_then(|figures| figures.busy_pct);
    let temp = figures.and_then(|figures| figures.temp_c);
    let warmth = match lens {
        Lens::Busy => Some(busy.map(|busy| busy / 100.0)),
        Lens::Temperature => Some(temp.map(|temp| (temp - COOL) / (HOT - COOL))),
        _ => None,
    };
    if let Some(heat) = warmth {
        let class = if holding.job.is_some() {
            "tile-heat"
        } else {
            "tile-heat tile-free"
        };
        return Look {
            heat: Some(heat.unwrap_or(0.0).clamp(0.0, 1.0)),
            ..Look::plain(class)
        };
    }
    let Some(job) = &holding.job else {
        return Look::plain(if holding.foreign.is_empty() {
            "tile-free"
        } else {
            "tile-foreign"
        });
    };
    let hue = |name: &str| Look::plain(format!("hue-{}", format::owner_hue(name)));
    match lens {
        Lens::Job => hue(&job.id.to_string()),
        Lens::Project => project.map_or_else(|| Look::plain("tile-plain"), hue),
        Lens::Idle => match busy {
            Some(busy) if busy <= IDLE_PCT => Look {
                word: Some(t::IDLE_TILE),
                ..Look::plain("tile-idle")
            },
            _ => Look::plain("tile-plain"),
        },
        _ => hue(job.user.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use berth_api::views::JobRef;
    use berth_domain::{JobId, StateName};

    use super::*;

    fn held(busy: Option<f32>) -> GpuView {
        GpuView {
            job: Some(JobRef {
                id: JobId(7),
                name: "train".to_owned(),
                user: "ana".into(),
                state: StateName::Running,
            }),
            busy_pct: busy,
            temp_c: Some(60.0),
            ..GpuView::default()
        }
    }

    /// Through a lens as a tile does it: with figures where they are read.
    fn seen(lens: Lens, gpu: &GpuView) -> Look {
        look(
            lens,
            &Holding::of(gpu),
            lens.reads_figures().then_some(gpu),
            None,
        )
    }

    #[test]
    fn each_lens_shows_what_it_is_named_for() {
        let user = seen(Lens::User, &held(None));
        assert_eq!(user.class, format!("hue-{}", format::owner_hue("ana")));
        assert_eq!(seen(Lens::Project, &held(None)).class, "tile-plain");
        assert_eq!(seen(Lens::Temperature, &held(None)).heat, Some(0.5));
        assert_eq!(seen(Lens::Busy, &held(Some(80.0))).heat, Some(0.8));
        assert_eq!(seen(Lens::Idle, &held(Some(0.0))).word, Some("idle"));
        // Of what is not known nobody says that it is idle.
        assert_eq!(seen(Lens::Idle, &held(None)).class, "tile-plain");
        assert_eq!(seen(Lens::Idle, &GpuView::default()).class, "tile-free");
    }

    #[test]
    fn names_lead_back() {
        for lens in Lens::ALL {
            assert_eq!(Lens::named(lens.name()), lens);
        }
        assert_eq!(Lens::named("shoe size"), Lens::User);
    }
}
