//! Pods into nodes.
//!
//! A bid is for whole nodes, while most pods of the trace take one GPU or a part of one. Small pods of the same
//! class, quality of service and hours share nodes: taken by falling size (equal sizes by name), each goes to the
//! first place that has room. A pod of several GPUs needs that many untouched GPUs within one node; a part of a GPU
//! goes to the first GPU with that much free, and no pod is split over two GPUs. The nodes so opened are one bid.
//! A pod of at least a node's GPUs bids alone, rounded up to whole nodes.

use super::demand::{MILLI_PER_GPU, Pod};

/// Nodes that hold all of `pods`, each of which asks for fewer than `gpus_per_node` GPUs.
pub(super) fn nodes_for(pods: &[Pod], gpus_per_node: u32) -> u32 {
    let mut by_size: Vec<&Pod> = pods.iter().collect();
    by_size.sort_by(|a, b| b.milli().cmp(&a.milli()).then_with(|| a.name.cmp(&b.name)));
    // Free thousandths of each GPU of each node opened so far.
    let mut nodes: Vec<Vec<u32>> = Vec::new();
    let mut opened = 0;
    for pod in by_size {
        if !nodes.iter_mut().any(|node| place(node, pod)) {
            let mut node: Vec<u32> = (0..gpus_per_node).map(|_| MILLI_PER_GPU).collect();
            place(&mut node, pod);
            nodes.push(node);
            opened += 1;
        }
    }
    opened
}

/// Puts the pod on the node's first GPUs that have room for its share; leaves the node as it is where too few have.
fn place(node: &mut [u32], pod: &Pod) -> bool {
    let wanted = usize::try_from(pod.gpus).unwrap_or(usize::MAX);
    let places: Vec<usize> = (0..node.len()).filter(|&gpu| node[gpu] >= pod.gpu_milli).take(wanted).collect();
    let fits = places.len() == wanted;
    if fits {
        for gpu in places {
            node[gpu] -= pod.gpu_milli;
        }
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demand::Qos;

    /// Pods of (GPUs, thousandths of each).
    fn nodes(sizes: &[(u32, u32)], gpus_per_node: u32) -> u32 {
        let pod = |(place, &(gpus, gpu_milli)): (usize, &(u32, u32))| Pod {
            name: format!("pod-{place}"),
            gpus,
            gpu_milli,
            gpu_spec: String::new(),
            qos: Qos::LatencySensitive,
            created: 0,
            scheduled: 0,
            deleted: 1,
        };
        let pods: Vec<Pod> = sizes.iter().enumerate().map(pod).collect();
        nodes_for(&pods, gpus_per_node)
    }

    #[test]
    fn whole_gpus_fill_a_node_before_the_next_opens() {
        assert_eq!(nodes(&[(1, 1000); 8], 8), 1);
        assert_eq!(nodes(&[(1, 1000); 9], 8), 2);
        assert_eq!(nodes(&[(1, 50)], 8), 1);
        assert_eq!(nodes(&[], 8), 0);
    }

    #[test]
    fn parts_share_a_gpu_only_where_they_fit_together() {
        // 16 × 0.5 fill 8 GPUs; 9 × 0.81 cannot be paired.
        assert_eq!(nodes(&[(1, 500); 16], 8), 1);
        assert_eq!(nodes(&[(1, 810); 9], 8), 2);
        assert_eq!(nodes(&[(1, 810), (1, 190), (1, 810), (1, 190)], 2), 1);
    }

    #[test]
    fn a_pod_of_several_gpus_stays_within_one_node() {
        assert_eq!(nodes(&[(3, 1000), (3, 1000)], 4), 2);
        // Large ones first, so that the small ones fill what is left.
        assert_eq!(nodes(&[(1, 1000), (1, 1000), (3, 1000), (3, 1000)], 4), 2);
    }
}
