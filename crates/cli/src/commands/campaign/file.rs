//! The file that a campaign is started from.

use std::path::Path;

use berth_domain::CampaignSpec;

use crate::failure::Failure;

/// Reads it. Where it says no folder, the trials run in the current one, as what is submitted does.
pub fn read(file: &Path) -> Result<CampaignSpec, Failure> {
    let shown = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::Usage(format!("{shown} cannot be read: {error}.")))?;
    let here = std::env::current_dir()
        .map_err(|error| Failure::Other(format!("The current folder is gone ({error}).")))?;
    let spec = parse(&text, &here).map_err(|why| Failure::Usage(format!("{shown}: {why}")))?;
    Ok(CampaignSpec {
        idempotency_key: Some(format!("cli-{:032x}", rand::random::<u128>())),
        ..spec
    })
}

fn parse(text: &str, here: &Path) -> Result<CampaignSpec, String> {
    let mut spec: CampaignSpec = toml::from_str(text).map_err(|error| error.to_string())?;
    if spec.template.package.is_none() {
        let folder = match &spec.template.workdir {
            // `join` takes an absolute one as it is.
            Some(folder) => here.join(folder),
            None => here.to_owned(),
        };
        let folder = folder.into_os_string().into_string();
        spec.template.workdir = Some(folder.map_err(|_| {
            "the current folder has a name that is not UTF-8; say another as workdir.".to_owned()
        })?);
    }
    Ok(spec)
}

#[cfg(test)]
mod tests {
    use berth_domain::Timestamp;
    use berth_domain::node::Capacity;

    use super::*;

    /// Every example of the documentation is one.
    #[test]
    fn what_the_documentation_shows_can_be_started() {
        let text = include_str!("../../../../../docs/campaigns.md");
        let blocks = text.split("```toml\n").skip(1);
        let examples: Vec<&str> = blocks.filter_map(|rest| rest.split("```").next()).collect();
        let whole = examples.iter().filter(|text| text.contains("[template]"));
        let mut count = 0;
        for example in whole {
            let spec = parse(example, Path::new("/home/ana")).unwrap();
            let cluster = Capacity {
                nodes: 2,
                gpus: 16,
                largest_node: 8,
            };
            let now: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
            spec.check(cluster, now).unwrap();
            count += 1;
        }
        assert_eq!(count, 2);
    }

    #[test]
    fn a_folder_is_where_it_was_started() {
        let file = |workdir: &str| {
            format!(
                "name = 'n'\nspace = {{ lr = [1] }}\nmetric = {{ name = 'l', better = 'lower' }}\n\
                 strategy = {{ kind = 'grid' }}\nbudget = {{ gpu_hours = 24 }}\n[template]\ncommand = \
                 ['true']\n{workdir}"
            )
        };
        let folder = |workdir: &str| {
            let spec = parse(&file(workdir), Path::new("/home/ana")).unwrap();
            spec.template.workdir.unwrap()
        };
        assert_eq!(folder(""), "/home/ana");
        assert_eq!(folder("workdir = 'runs'"), "/home/ana/runs");
        assert_eq!(folder("workdir = '/data'"), "/data");
        let wrong = parse("name = 'n'\nspaces = 1", Path::new("/")).unwrap_err();
        assert!(wrong.contains("spaces"), "{wrong}");
    }
}
