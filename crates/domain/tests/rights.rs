//! Rights: the table says the same as the page that people read, more is never less, and what somebody is
//! in a project counts there alone.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use berth_domain::{Actor, Of, Project, Projects, Right, Role, Thing, UserName};
use proptest::prelude::*;

fn projects() -> Projects {
    let members = [
        ("ana", Role::Member),
        ("pia", Role::Lead),
        ("vic", Role::Viewer),
    ];
    let members = members.map(|(name, role)| (UserName::from(name), role));
    let vision = Project {
        closed: true,
        members: BTreeMap::from(members),
        ..Project::default()
    };
    Projects(BTreeMap::from([("vision".to_owned(), vision)]))
}

fn agent(acts_for: &str, role: Role) -> Actor {
    Actor::Agent {
        name: "bot".into(),
        acts_for: acts_for.into(),
        role,
    }
}

#[test]
fn the_page_shows_this_table() {
    let mut table = String::new();
    for right in Right::ALL {
        let cells = right.row().map(|least| least.map_or("", Role::as_str));
        writeln!(table, "| `{right:?}` | {} |", cells.join(" | ")).unwrap();
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/people.md");
    let page = std::fs::read_to_string(page).unwrap();
    for line in table.lines() {
        assert!(page.contains(line), "docs/people.md has no line\n{line}");
    }
}

#[test]
fn what_somebody_is_in_a_project_counts_there() {
    let projects = projects();
    let bo = UserName::from("bo");
    let (here, elsewhere) = (Thing::of(&bo).within(Some("vision")), Thing::of(&bo));
    let pia = Actor::user("pia", Role::Member);
    assert!(projects.may(&pia, Right::ChangeJob, here));
    assert!(!projects.may(&pia, Right::ChangeJob, elsewhere));
    assert!(!projects.may(&pia, Right::ChangeJob, Thing::of(&bo).within(Some("other"))));
    // A viewer of the project who is a member elsewhere stays one.
    let vic = Actor::user("vic", Role::Member);
    let own = UserName::from("vic");
    assert!(projects.may(
        &vic,
        Right::ChangeJob,
        Thing::of(&own).within(Some("vision"))
    ));
    assert!(!projects.is_open_to("vision", &vic));
    assert!(!projects.is_open_to("vision", &Actor::user("bo", Role::Member)));
    assert!(projects.is_open_to("vision", &Actor::user("ana", Role::Viewer)));
    assert!(projects.is_open_to("vision", &Actor::user("lea", Role::Lead)));
    assert!(projects.is_open_to("other", &Actor::user("bo", Role::Member)));
}

#[test]
fn an_agent_of_a_lead_is_a_member_and_one_of_a_viewer_looks() {
    let projects = projects();
    let (pia, bo) = (UserName::from("pia"), UserName::from("bo"));
    for role in [Role::Lead, Role::Admin] {
        let agent = agent("pia", role);
        assert!(projects.may(&agent, Right::Submit, Thing::of(&pia)));
        assert!(!projects.may(
            &agent,
            Right::ChangeJob,
            Thing::of(&bo).within(Some("vision"))
        ));
        assert!(!projects.may(&agent, Right::Cordon, Thing::CLUSTER));
    }
    let looks = agent("vera", Role::Viewer);
    assert!(!projects.may(&looks, Right::Submit, Thing::of(&UserName::from("vera"))));
    assert!(projects.may(&looks, Right::See, Thing::of(&bo)));
}

fn right() -> impl Strategy<Value = Right> {
    proptest::sample::select(Right::ALL.to_vec())
}

fn role() -> impl Strategy<Value = Role> {
    proptest::sample::select(Role::ALL.to_vec())
}

proptest! {
    #[test]
    fn more_is_never_less(
        right in right(),
        role in role(),
        of in proptest::sample::select(vec![Of::Own, Of::Others, Of::Cluster]),
    ) {
        for more in Role::ALL.into_iter().filter(|more| *more >= role) {
            prop_assert!(!right.allows(role, of) || right.allows(more, of));
        }
        // What is somebody else's is never easier than one's own.
        let (own, others) = (right.least(Of::Own), right.least(Of::Others));
        prop_assert!(own.is_none() || others.is_none() || own <= others);
    }

    #[test]
    fn an_agent_never_has_more_rights_than_its_person(
        right in right(),
        role in role(),
        who in proptest::sample::select(vec!["ana", "bo", "pia", "vic"]),
        owner in proptest::sample::select(vec![None, Some("ana"), Some("bo"), Some("pia")]),
        project in proptest::sample::select(vec![None, Some("vision"), Some("other")]),
    ) {
        let projects = projects();
        let owner = owner.map(UserName::from);
        let thing = Thing { owner: owner.as_ref(), project };
        let person = Actor::user(who, role);
        prop_assert!(
            !projects.may(&agent(who, role), right, thing) || projects.may(&person, right, thing)
        );
    }
}
