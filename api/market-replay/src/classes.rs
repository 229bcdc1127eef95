//! The published mapping: which exchange class a GPU model of the price recording or of the cluster trace is.
//!
//! The tables are the single source; [`mapping_markdown`] renders them for the documentation.

use std::collections::BTreeSet;

/// A fungible GPU product of the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClassSpec {
    /// The class id, the first part of its market ids.
    pub id: &'static str,
    /// GPU model.
    pub model: &'static str,
    /// Memory of one GPU in GB.
    pub memory_gb: u32,
    /// Form factor.
    pub form_factor: &'static str,
    /// What connects the nodes.
    pub fabric: &'static str,
    /// GPUs in one node, which is also the lot size of the class's markets.
    pub gpus_per_node: u32,
}

/// A class whose nodes hold eight GPUs on one baseboard. The recordings name no fabric; such nodes are usually sold
/// with `InfiniBand`.
const fn baseboard(id: &'static str, model: &'static str, memory_gb: u32, form_factor: &'static str) -> ClassSpec {
    ClassSpec { id, model, memory_gb, form_factor, fabric: "infiniband", gpus_per_node: 8 }
}

/// A class of plug-in cards. The recording quotes them by one, two and four far more often than by eight, so four is
/// the node that most providers can deliver; such nodes come with `ethernet`.
const fn cards(id: &'static str, model: &'static str, memory_gb: u32, form_factor: &'static str) -> ClassSpec {
    ClassSpec { id, model, memory_gb, form_factor, fabric: "ethernet", gpus_per_node: 4 }
}

static A100_40G_PCIE: ClassSpec = cards("a100-40g-pcie-eth", "A100", 40, "PCIe");
static A100_40G_SXM4: ClassSpec = baseboard("a100-40g-sxm4-ib", "A100", 40, "SXM4");
static A100_80G_PCIE: ClassSpec = cards("a100-80g-pcie-eth", "A100", 80, "PCIe");
static A100_80G_SXM4: ClassSpec = baseboard("a100-80g-sxm4-ib", "A100", 80, "SXM4");
static H100_80G_PCIE: ClassSpec = cards("h100-80g-pcie-eth", "H100", 80, "PCIe");
static H100_80G_SXM5: ClassSpec = baseboard("h100-80g-sxm5-ib", "H100", 80, "SXM5");
static H100_94G_NVL: ClassSpec = cards("h100-94g-nvl-eth", "H100", 94, "NVL");
static L40_48G_PCIE: ClassSpec = cards("l40-48g-pcie-eth", "L40", 48, "PCIe");
static L40S_48G_PCIE: ClassSpec = cards("l40s-48g-pcie-eth", "L40S", 48, "PCIe");

/// Every class that the replay trades, in order of id.
pub static CLASSES: [&ClassSpec; 9] = [
    &A100_40G_PCIE,
    &A100_40G_SXM4,
    &A100_80G_PCIE,
    &A100_80G_SXM4,
    &H100_80G_PCIE,
    &H100_80G_SXM5,
    &H100_94G_NVL,
    &L40_48G_PCIE,
    &L40S_48G_PCIE,
];

/// What a model of the price recording is on the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listing {
    /// Its quotes are this class's.
    As(&'static ClassSpec),
    /// Its quotes are left out, for this reason.
    Excluded(&'static str),
}

const NEWEST: &str = "current generation; the exchange is for older GPUs";
const NEWER: &str = "newer than the H100, the youngest product of the exchange";
const CONSUMER: &str = "consumer card, not sold for data centers";

/// Every GPU model of the price recording.
static PRICED: [(&str, Listing); 19] = [
    ("A100_PCIE_40GB", Listing::As(&A100_40G_PCIE)),
    ("A100_SXM_40GB", Listing::As(&A100_40G_SXM4)),
    ("A100_PCIE_80GB", Listing::As(&A100_80G_PCIE)),
    ("A100_SXM_80GB", Listing::As(&A100_80G_SXM4)),
    ("H100_PCIE", Listing::As(&H100_80G_PCIE)),
    ("H100_SXM", Listing::As(&H100_80G_SXM5)),
    ("H100_NVL", Listing::As(&H100_94G_NVL)),
    ("L40", Listing::As(&L40_48G_PCIE)),
    ("L40S", Listing::As(&L40S_48G_PCIE)),
    ("H200", Listing::Excluded(NEWER)),
    ("GH200", Listing::Excluded(NEWER)),
    ("MI300X", Listing::Excluded(NEWER)),
    ("MI355X", Listing::Excluded(NEWEST)),
    ("B200", Listing::Excluded(NEWEST)),
    ("B300", Listing::Excluded(NEWEST)),
    ("GB200", Listing::Excluded(NEWEST)),
    ("RTX_PRO_6000", Listing::Excluded(NEWEST)),
    ("RTX_4090", Listing::Excluded(CONSUMER)),
    ("RTX_5090", Listing::Excluded(CONSUMER)),
];

/// The class that stands for a model of the cluster trace. None of these models is in the price recording, so each
/// is mapped to the observed class that does the same work one generation later.
struct StandIn {
    model: &'static str,
    /// Nothing where the trace says too little to choose: such a pod accepts any class.
    class: Option<&'static ClassSpec>,
    why: &'static str,
}

static TRACED: [StandIn; 8] = [
    StandIn {
        model: "V100M16",
        class: Some(&A100_40G_SXM4),
        why: "V100 SXM2 16 GB, training on NVLink nodes; the A100 SXM4 40 GB is its successor",
    },
    StandIn { model: "V100M32", class: Some(&A100_40G_SXM4), why: "V100 SXM2 32 GB, as V100M16; 32 GB fit in 40 GB" },
    StandIn {
        model: "P100",
        class: Some(&A100_40G_PCIE),
        why: "P100 PCIe 16 GB, training cards without NVLink; the smallest A100 on PCIe",
    },
    StandIn {
        model: "T4",
        class: Some(&L40_48G_PCIE),
        why: "inference card on PCIe; the L40 is the cheapest inference card with an observed price",
    },
    StandIn {
        model: "A10",
        class: Some(&L40S_48G_PCIE),
        why: "general card on PCIe between T4 and A100; the L40S has that place one generation later",
    },
    StandIn {
        model: "G1",
        class: None,
        why: "undisclosed, and in neither the pod list nor the node list: nothing to go by",
    },
    StandIn {
        model: "G2",
        class: Some(&L40S_48G_PCIE),
        why: "undisclosed; 71 % of the trace's GPUs, eight per node, named as an alternative to T4, P100, V100 and \
              A10 but never to G3: the cluster's general-purpose card. An assumption",
    },
    StandIn {
        model: "G3",
        class: Some(&A100_80G_SXM4),
        why: "undisclosed; 39 nodes of eight GPUs with large hosts, never interchangeable with another model: \
              the cluster's largest training GPU. An assumption",
    },
];

/// What the model is on the exchange; nothing where the mapping does not know it.
pub(super) fn listing(gpu_model: &str) -> Option<Listing> {
    PRICED.iter().find(|(model, _)| *model == gpu_model).map(|&(_, listing)| listing)
}

/// The classes that a pod with this `gpu_spec` accepts, in order of id: all of them for an empty one. Models that
/// the mapping does not know are ignored beside known ones; nothing is left where none is known.
pub(super) fn accepted(gpu_spec: &str) -> Vec<&'static ClassSpec> {
    if gpu_spec.is_empty() {
        return CLASSES.to_vec();
    }
    let mut accepted = BTreeSet::new();
    for name in gpu_spec.split('|') {
        match TRACED.iter().find(|entry| entry.model == name) {
            Some(StandIn { class: Some(class), .. }) => accepted.extend([*class]),
            Some(StandIn { class: None, .. }) => accepted.extend(CLASSES),
            None => {}
        }
    }
    accepted.into_iter().collect()
}

/// The mapping as Markdown: the classes, then each recording's models.
pub fn mapping_markdown() -> String {
    let mut lines = vec![
        "| class | GPU | memory | form factor | fabric | GPUs per node |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    lines.extend(CLASSES.iter().map(|class| {
        format!(
            "| `{}` | {} | {} GB | {} | {} | {} |",
            class.id, class.model, class.memory_gb, class.form_factor, class.fabric, class.gpus_per_node
        )
    }));
    lines.extend(["", "| observed model | class |", "|---|---|"].map(str::to_owned));
    lines.extend(PRICED.iter().map(|(model, listing)| match listing {
        Listing::As(class) => format!("| `{model}` | `{}` |", class.id),
        Listing::Excluded(reason) => format!("| `{model}` | excluded: {reason} |"),
    }));
    lines.extend(["", "| trace model | class | why |", "|---|---|---|"].map(str::to_owned));
    lines.extend(TRACED.iter().map(|entry| {
        let class = entry.class.map_or("any".to_owned(), |class| format!("`{}`", class.id));
        format!("| `{}` | {class} | {} |", entry.model, entry.why)
    }));
    lines.push(
        "| several, as `A10\\|T4` | one of theirs | drawn in proportion to the GPUs listed in the week in which the \
         window starts |"
            .to_owned(),
    );
    lines.push(
        "| none given | any | drawn likewise over all classes, once for all such pods of the same hours and quality \
         of service |"
            .to_owned(),
    );
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(gpu_spec: &str) -> Vec<&'static str> {
        accepted(gpu_spec).iter().map(|class| class.id).collect()
    }

    #[test]
    fn classes_are_in_order_of_id_and_all_are_observed() {
        assert!(CLASSES.is_sorted_by(|a, b| a.id < b.id));
        for class in CLASSES {
            let observed = |&(_, listing): &(&str, Listing)| listing == Listing::As(class);
            assert_eq!(PRICED.iter().filter(|entry| observed(entry)).count(), 1, "{}", class.id);
        }
    }

    #[test]
    fn observed_models_map_to_their_class_or_say_why_not() {
        assert_eq!(listing("A100_SXM_80GB"), Some(Listing::As(&A100_80G_SXM4)));
        assert_eq!(listing("B200"), Some(Listing::Excluded(NEWEST)));
        assert_eq!(listing("B9000"), None);
    }

    #[test]
    fn a_spec_is_one_model_alternatives_or_anything() {
        assert_eq!(ids("T4"), ["l40-48g-pcie-eth"]);
        assert_eq!(ids("V100M16|V100M32"), ["a100-40g-sxm4-ib"]);
        assert_eq!(ids("A10|T4"), ["l40-48g-pcie-eth", "l40s-48g-pcie-eth"]);
        assert_eq!(ids("").len(), CLASSES.len());
        assert_eq!(ids("G1").len(), CLASSES.len());
    }

    #[test]
    fn unknown_models_are_ignored_beside_known_ones_and_refused_alone() {
        assert_eq!(ids("G9|T4"), ["l40-48g-pcie-eth"]);
        assert!(ids("G9").is_empty());
    }

    #[test]
    fn the_markdown_has_a_row_for_every_model() {
        let markdown = mapping_markdown();
        let page = include_str!("../../../docs/replay.md");
        assert!(page.contains(&markdown), "docs/replay.md needs this table:\n{markdown}");
        for (model, _) in &PRICED {
            assert!(markdown.contains(&format!("| `{model}` |")), "{model}");
        }
        for entry in &TRACED {
            assert!(markdown.contains(&format!("| `{}` |", entry.model)), "{}", entry.model);
        }
    }
}
