//! The recorded pods of a GPU cluster: what each asked for and when it ran.

use std::{io::Read, str::FromStr};

use serde::Serialize;

use super::table::{InputError, Row, Table};

/// Thousandths of a GPU in one GPU.
pub(super) const MILLI_PER_GPU: u32 = 1000;

/// Kubernetes quality of service, as the trace names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Qos {
    /// Guaranteed.
    Guaranteed,
    /// `LS`: latency sensitive.
    LatencySensitive,
    /// Burstable.
    Burstable,
    /// `BE`: best effort; bids spot where there is a spot market.
    BestEffort,
}

impl FromStr for Qos {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "Guaranteed" => Ok(Self::Guaranteed),
            "LS" => Ok(Self::LatencySensitive),
            "Burstable" => Ok(Self::Burstable),
            "BE" => Ok(Self::BestEffort),
            _ => Err(()),
        }
    }
}

/// A pod that ran on GPUs. Times are whole seconds since the start of the trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// Unique in the trace.
    pub name: String,
    /// GPUs that the pod spans, at least 1.
    pub gpus: u32,
    /// Thousandths taken of each of its GPUs, 1 to 1000; 1000 for every pod of more than one GPU.
    pub gpu_milli: u32,
    /// The GPU models that the pod accepts, separated by `|`; empty where it accepts any.
    pub gpu_spec: String,
    /// Quality of service.
    pub qos: Qos,
    /// When the pod was submitted.
    pub created: u64,
    /// When it was given its GPUs, not before `created`.
    pub scheduled: u64,
    /// When it gave them back, after `scheduled`.
    pub deleted: u64,
}

impl Pod {
    /// Thousandths of a GPU that the pod takes in all.
    pub fn milli(&self) -> u32 {
        self.gpus * self.gpu_milli
    }
}

/// Why a pod of the trace makes no bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// It asked for no GPU.
    WithoutGpu,
    /// It never got its GPUs before the trace ended, so it has no window.
    Pending,
    /// It accepts only GPU models that the published mapping does not know.
    UnknownModel,
}

const COLUMNS: &[&str] = &[
    "name",
    "num_gpu",
    "gpu_milli",
    "gpu_spec",
    "qos",
    "pod_phase",
    "creation_time",
    "deletion_time",
    "scheduled_time",
];
const NAME: usize = 0;
const NUM_GPU: usize = 1;
const GPU_MILLI: usize = 2;
const GPU_SPEC: usize = 3;
const QOS: usize = 4;
const POD_PHASE: usize = 5;
const CREATION_TIME: usize = 6;
const DELETION_TIME: usize = 7;
const SCHEDULED_TIME: usize = 8;

/// The trace's nodes hold at most 8 GPUs; anything far above is a damaged file, not a pod.
const MOST_GPUS: u32 = 1024;
/// Likewise a time, in seconds: a hundred years.
const LATEST: u64 = 100 * 366 * 24 * 3600;

/// The pods of a file, one at a time; a row that is no GPU pod with a window comes as the reason why.
#[derive(Debug)]
pub struct Pods<R> {
    table: Table<R>,
}

impl<R: Read> Pods<R> {
    /// Reads the header of `input`; `file` is the name that errors give it.
    ///
    /// # Errors
    /// The header cannot be read or lacks a column.
    pub fn open(file: &str, input: R) -> Result<Self, InputError> {
        Table::open(file, input, COLUMNS).map(|table| Self { table })
    }
}

impl<R: Read> Iterator for Pods<R> {
    type Item = Result<Result<Pod, SkipReason>, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.table.next_row().and_then(|row| row.map(|row| pod(&row)).transpose()).transpose()
    }
}

fn pod<R>(row: &Row<'_, R>) -> Result<Result<Pod, SkipReason>, InputError> {
    let gpus: u32 = row.value(NUM_GPU, "a count of GPUs", |&gpus| gpus <= MOST_GPUS)?;
    let pending = match row.text(POD_PHASE) {
        "Pending" => true,
        "Running" | "Succeeded" | "Failed" => false,
        _ => return Err(row.refuse(POD_PHASE, "a pod phase")),
    };
    if gpus == 0 {
        return Ok(Err(SkipReason::WithoutGpu));
    }
    if pending {
        return Ok(Err(SkipReason::Pending));
    }
    let created = row.value(CREATION_TIME, "a time in seconds", |_| true)?;
    let scheduled = row.value(SCHEDULED_TIME, "a time not before creation", |&time| time >= created)?;
    let share = "a share of a GPU in thousandths (1000 where there are several GPUs)";
    Ok(Ok(Pod {
        name: row.value(NAME, "a name", |name: &String| !name.is_empty())?,
        gpus,
        gpu_milli: row.value(GPU_MILLI, share, |&milli| {
            milli == MILLI_PER_GPU || (gpus == 1 && (1..MILLI_PER_GPU).contains(&milli))
        })?,
        gpu_spec: row.text(GPU_SPEC).to_owned(),
        qos: row.value(QOS, "a quality of service", |_| true)?,
        created,
        scheduled,
        deleted: row.value(DELETION_TIME, "a time after scheduling, within a century", |&time| {
            time > scheduled && time <= LATEST
        })?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,\
                          creation_time,deletion_time,scheduled_time\n";

    fn read(rows: &str) -> Vec<Result<Result<Pod, SkipReason>, InputError>> {
        let text = format!("{HEADER}{rows}");
        Pods::open("pods.csv", text.as_bytes()).unwrap().collect()
    }

    #[test]
    fn pods_without_a_gpu_and_pending_pods_come_as_reasons() {
        let rows = read(
            "a,1,1,1,460,V100M16|V100M32,BE,Failed,10,5000,20\n\
             b,1,1,0,0,,LS,Running,10,5000,20\n\
             c,1,1,1,1000,,LS,Pending,10,5000,\n",
        );
        let pod = rows[0].as_ref().unwrap().as_ref().unwrap();
        assert_eq!((pod.gpus, pod.gpu_milli, pod.qos), (1, 460, Qos::BestEffort));
        assert_eq!(pod.gpu_spec, "V100M16|V100M32");
        assert_eq!((pod.created, pod.scheduled, pod.deleted), (10, 20, 5000));
        assert_eq!(rows[1].as_ref().unwrap().as_ref().unwrap_err(), &SkipReason::WithoutGpu);
        assert_eq!(rows[2].as_ref().unwrap().as_ref().unwrap_err(), &SkipReason::Pending);
    }

    #[test]
    fn every_bad_field_is_refused_by_its_column() {
        for (row, column) in [
            (",1,1,1,460,,BE,Failed,10,5000,20", "name"),
            ("a,1,1,x,460,,BE,Failed,10,5000,20", "num_gpu"),
            ("a,1,1,1,1001,,BE,Failed,10,5000,20", "gpu_milli"),
            ("a,1,1,2,500,,BE,Failed,10,5000,20", "gpu_milli"),
            ("a,1,1,1,460,,XX,Failed,10,5000,20", "qos"),
            ("a,1,1,1,460,,BE,Lost,10,5000,20", "pod_phase"),
            ("a,1,1,1,460,,BE,Failed,-1,5000,20", "creation_time"),
            ("a,1,1,1,460,,BE,Failed,10,20,20", "deletion_time"),
            ("a,1,1,1,460,,BE,Failed,10,5000,9", "scheduled_time"),
            ("a,1,1,1,460,,BE,Failed,10,5000,", "scheduled_time"),
        ] {
            let error = read(&format!("{row}\n")).remove(0).unwrap_err().to_string();
            let place = format!("pods.csv: line 2, column `{column}`");
            assert!(error.starts_with(&place), "{error}");
        }
    }
}
