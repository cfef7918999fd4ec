//! Both versions, as files of a folder, and what is no container's.

use super::*;

const ID_A: &str = "db6d180e311daeb0ebacbabe391dde6cb6a4f9a6b4ba18797c4cd2192265113e";
const ID_B: &str = "0b7f5a3e5c2d1908f7e6d5c4b3a2918070605040302010ffeeddccbbaa998877";

/// A kernel's files, each with its text.
struct Files(tempfile::TempDir);

impl Files {
    fn new(cgroup: &str) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        let stat = "cpu  9 0 9 9\ncpu0 4 0 4 4\ncpu1 5 0 5 5\nintr 12\ncpus 4\n";
        files.with("proc/stat", stat).with("proc/42/cgroup", cgroup)
    }

    fn v1() -> Self {
        Self::new(&format!(
            "4:memory:/docker/{ID_A}\n2:cpu,cpuacct:/docker/{ID_A}\n0::/docker/{ID_A}\n"
        ))
        .with(&format!("cgroup/memory/docker/{ID_A}/memory.usage_in_bytes"), "1519616\n")
        .with(
            &format!("cgroup/memory/docker/{ID_A}/memory.stat"),
            "inactive_file 1\nhierarchical_memory_limit 9\ntotal_inactive_file 413696\ntotal_inactive_files 7\n",
        )
        .with(&format!("cgroup/cpuacct/docker/{ID_A}/cpuacct.usage"), "27603044\n")
    }

    fn v2(folder: &str, below: &str) -> Self {
        Self::new(&format!("0::/{folder}{below}\n"))
            .with(&format!("cgroup/{folder}/memory.current"), "3000000\n")
            .with(
                &format!("cgroup/{folder}/memory.stat"),
                "anon 8\ninactive_anon 5\ninactive_file 1000000\n",
            )
            .with(
                &format!("cgroup/{folder}/cpu.stat"),
                "usage_usec 30754\nuser_usec 12301\nsystem_usec 18452\n",
            )
    }

    fn with(self, path: &str, text: &str) -> Self {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        toolkit::durable::write(&path, text.as_bytes()).unwrap();
        self
    }

    fn group(&self, id: &str) -> Option<Group> {
        let (proc, cgroup) = (self.0.path().join("proc"), self.0.path().join("cgroup"));
        let kernel = Kernel {
            proc: &proc,
            cgroup: &cgroup,
        };
        Group::of(id, 42, &kernel)
    }

    /// Memory, processor time in nanoseconds, processors.
    fn counted(&self, id: &str) -> Option<(f64, f64, f64)> {
        let sample = self.group(id)?.sample()?;
        Some((sample.memory, sample.cpu, sample.cpus))
    }
}

#[test]
fn counts_by_version_1() {
    let counted = Files::v1().counted(ID_A);
    assert_eq!(counted, Some((1_105_920.0, 27_603_044.0, 2.0)));
}

#[test]
fn counts_by_version_2() {
    let expected = Some((2_000_000.0, 30_754_000.0, 2.0));
    let cgroupfs = format!("docker/{ID_A}");
    let systemd = format!("system.slice/docker-{ID_A}.scope");
    assert_eq!(Files::v2(&cgroupfs, "").counted(ID_A), expected);
    assert_eq!(Files::v2(&systemd, "").counted(ID_A), expected);
    // systemd within the container has put its processes further down.
    assert_eq!(Files::v2(&systemd, "/init.scope").counted(ID_A), expected);
}

#[test]
fn what_is_not_this_container_s_is_not_read() {
    let files = Files::v1();
    assert!(files.group(ID_B).is_none(), "another container's process");
    // Neither has each path in it.
    assert!(files.group("").is_none());
    assert!(files.group("docker").is_none());
    assert!(Files::new("0::/user.slice\n").group(ID_A).is_none());
    // From within a container, others stand beside the root that it sees.
    let beside = Files::new(&format!("0::/../{ID_A}\n"));
    assert!(beside.group(ID_A).is_none());
    // A controller of version 1 that counts, and one that does not.
    let half = Files::new(&format!("4:memory:/docker/{ID_A}\n2:cpuacct:/\n0::/\n"));
    assert!(half.group(ID_A).is_none());
}

#[test]
fn what_the_kernel_does_not_count_is_not_zero() {
    let files = Files::new(&format!("0::/docker/{ID_A}\n"));
    assert!(files.group(ID_A).unwrap().sample().is_none());
    let file = format!("cgroup/docker/{ID_A}/cpu.stat");
    let files = Files::v2(&format!("docker/{ID_A}"), "").with(&file, "usage_usec many\n");
    assert!(files.group(ID_A).unwrap().sample().is_none());
}
