// Which images there are: one per label, architecture, disk kind and zone.

import type { SeededRandom } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { SeedType } from "./server-types.ts";

export type DiskKind = "instance_sbs" | "instance_local";

export interface FakeImage {
  readonly id: string;
  readonly label: string;
  readonly name: string;
  readonly arch: "x86_64" | "arm64";
  readonly zone: string;
  readonly type: DiskKind;
  readonly compatibleTypes: readonly string[];
  /** Bytes that a root volume needs at least. */
  readonly minSize: number;
  readonly snapshotId: string;
  readonly createdAt: number;
  /** Of the marketplace, or a user's own. */
  readonly public: boolean;
}

interface SeedLabel {
  readonly label: string;
  readonly name: string;
  readonly gpu: boolean;
  readonly arches: readonly FakeImage["arch"][];
  readonly disks: readonly DiskKind[];
}

const BOTH: readonly FakeImage["arch"][] = ["x86_64", "arm64"];
const INTEL: readonly FakeImage["arch"][] = ["x86_64"];
const DISKS: readonly DiskKind[] = ["instance_sbs", "instance_local"];
const SBS: readonly DiskKind[] = ["instance_sbs"];
/** In the compatibility lists of GPU images, and in no listing of products. */
const NOT_SOLD_YET: readonly string[] = ["H100-SXM-1-80G", "B300-SXM-1-288G", "H100-1-M", "H100-2-M"];

const LABELS: readonly SeedLabel[] = [
  { label: "ubuntu_bionic", name: "Ubuntu 18.04 Bionic Beaver", gpu: false, arches: INTEL, disks: DISKS },
  { label: "ubuntu_focal", name: "Ubuntu 20.04 Focal Fossa", gpu: false, arches: BOTH, disks: DISKS },
  { label: "ubuntu_jammy", name: "Ubuntu 22.04 Jammy Jellyfish", gpu: false, arches: BOTH, disks: DISKS },
  { label: "ubuntu_noble", name: "Ubuntu 24.04 Noble Numbat", gpu: false, arches: BOTH, disks: DISKS },
  { label: "debian_bookworm", name: "Debian Bookworm", gpu: false, arches: BOTH, disks: DISKS },
  { label: "windows_server_2022", name: "Windows Server 2022", gpu: false, arches: INTEL, disks: SBS },
  {
    label: "ubuntu_jammy_gpu_os_12",
    name: "Ubuntu Jammy GPU OS 12 passthrough",
    gpu: true,
    arches: INTEL,
    disks: DISKS,
  },
  { label: "ubuntu_noble_gpu_os_12", name: "Ubuntu Noble GPU OS 12", gpu: true, arches: INTEL, disks: SBS },
  { label: "ubuntu_noble_gpu_os_13_nvidia", name: "Ubuntu Noble GPU OS 13", gpu: true, arches: INTEL, disks: SBS },
];

const GPU_IMAGE_MIN_SIZE = 20_000_000_000;
const PLAIN_IMAGE_MIN_SIZE = 10_000_000_000;

export function seedImages(
  types: readonly SeedType[],
  zones: readonly string[],
  random: SeededRandom,
  now: number,
): FakeImage[] {
  return LABELS.flatMap((label) =>
    zones.flatMap((zone) =>
      label.arches.flatMap((arch) =>
        label.disks.map((type) => ({
          id: random.uuid(),
          label: label.label,
          name: label.name,
          arch,
          zone,
          type,
          compatibleTypes: compatible(types, label, arch),
          minSize: label.gpu ? GPU_IMAGE_MIN_SIZE : PLAIN_IMAGE_MIN_SIZE,
          snapshotId: random.uuid(),
          createdAt: now,
          public: true,
        })),
      ),
    ),
  );
}

function compatible(types: readonly SeedType[], { label, gpu }: SeedLabel, arch: FakeImage["arch"]): readonly string[] {
  const windows = label.startsWith("windows");
  const fitting = types
    .filter((type) => type.arch === arch && (type.gpu !== undefined) === gpu && type.name.endsWith("-WIN") === windows)
    .map(({ name }) => name);
  return gpu ? [...fitting, ...NOT_SOLD_YET] : fitting;
}
