import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import {
  aPersistentVolume,
  aPod,
  aStorage,
  aStorageClass,
  aVolumeClaim,
  boundClaim,
  CSI_DRIVER,
  mounting,
  storageOf,
} from "../../testing/builders/index.ts";
import type { StorageInput } from "../problem.ts";
import { VolumeBook } from "./volume-book.ts";

function needs(storage: StorageInput, ...claims: readonly string[]) {
  const answer = new VolumeBook(storage).needsOf(aPod({ spec: mounting(...claims) }));
  if ("reason" in answer) throw new Error(answer.detail);
  return { ...answer, alternatives: answer.alternatives.map(String) };
}

const inZones = (...zones: readonly string[]): string[] => zones.map((zone) => `${Label.Zone} In [${zone}]`);
const many = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, index) => ({
    matchExpressions: [{ key: prefix, operator: "In", values: [`v${index}`] }],
  }));

describe("what a pod's volumes ask for", () => {
  it("is one and the same object for all pods without claims", () => {
    const book = new VolumeBook(aStorage());
    const plain = book.needsOf(aPod());
    expect(plain).toMatchObject({ mounts: [], places: [] });
    expect("alternatives" in plain && plain.alternatives.map(String)).toEqual([""]);
    expect(book.needsOf(aPod({ spec: { volumes: [{ name: "v", emptyDir: {} }] } }))).toBe(plain);
  });

  it("S-237: is one alternative per term, in order", () => {
    expect(needs(boundClaim("data", { zones: ["b", "a"] }), "data").alternatives).toEqual(inZones("b", "a"));
  });

  it("S-237: of several volumes is each pair that intersects, once", () => {
    const storage = storageOf(
      boundClaim("one", { zones: ["a", "b", "c"] }),
      boundClaim("two", { zones: ["c", "b", "d"] }),
    );
    expect(needs(storage, "one", "two").alternatives).toEqual(inZones("b", "c"));
    const twice = storageOf(boundClaim("one", { zones: ["a", "b", "a"] }), boundClaim("two", { zones: ["a", "a"] }));
    expect(needs(twice, "one").alternatives).toEqual(inZones("a", "b"));
    expect(needs(twice, "one", "two").alternatives).toEqual(inZones("a"));
    expect(needs(storage, "one", "one").alternatives).toEqual(inZones("a", "b", "c"));
    expect(
      needs(storageOf(storage, boundClaim("three", { zones: ["b", "c"] })), "one", "two", "three").alternatives,
    ).toEqual(inZones("b", "c"));
  });

  it("S-237: of several volumes is 256 alternatives at most", () => {
    const storage = storageOf(boundClaim("one", { terms: many(20, "x") }), boundClaim("two", { terms: many(20, "y") }));
    const { alternatives } = needs(storage, "one", "two");
    expect(alternatives).toHaveLength(256);
    expect(new Set(alternatives).size).toBe(256);
    expect(alternatives.at(-1)).toBe("x In [v12], y In [v15]");
  });

  it("S-237: a local volume that names nothing but its host is reachable from everywhere", () => {
    const terms = [{ matchExpressions: [{ key: Label.Hostname, operator: "In", values: ["h"] }] }];
    const { alternatives, places } = needs(boundClaim("data", { terms, spec: { local: {} } }), "data");
    expect([alternatives, places]).toEqual([[""], []]);
  });

  it("S-234: a claim counts for the driver of its volume, else for that of its class", () => {
    const storage = aStorage({
      persistentVolumeClaims: [
        aVolumeClaim({ name: "csi", volumeName: "pv-csi" }),
        aVolumeClaim({ name: "aws", volumeName: "pv-aws" }),
        aVolumeClaim({ name: "nfs", volumeName: "pv-nfs", storageClassName: "late" }),
        aVolumeClaim({ name: "new", storageClassName: "late" }),
        aVolumeClaim({ name: "old", storageClassName: "in-tree" }),
      ],
      persistentVolumes: [
        aPersistentVolume({ name: "pv-csi", spec: { csi: { driver: "d" } } }),
        aPersistentVolume({ name: "pv-aws", spec: { awsElasticBlockStore: { volumeID: "v" } } }),
        aPersistentVolume({ name: "pv-nfs", spec: {} }),
      ],
      storageClasses: [aStorageClass(), aStorageClass({ name: "in-tree", provisioner: "kubernetes.io/cinder" })],
    });
    expect(needs(storage, "csi", "aws", "nfs", "new", "old").mounts).toEqual([
      { driver: "d", claim: "default/csi" },
      { driver: "ebs.csi.aws.com", claim: "default/aws" },
      { driver: CSI_DRIVER, claim: "default/new" },
      { driver: "cinder.csi.openstack.org", claim: "default/old" },
    ]);
  });

  it("S-235: of a pod that runs, what has vanished is passed over", () => {
    const storage = storageOf(
      boundClaim("there"),
      aStorage({ persistentVolumeClaims: [aVolumeClaim({ name: "classless", storageClassName: "gone" })] }),
    );
    const running = aPod({ nodeName: "n1", spec: mounting("there", "gone", "classless") });
    expect(new VolumeBook(storage).mountsOf(running)).toEqual([{ driver: CSI_DRIVER, claim: "default/there" }]);
    expect(new VolumeBook(undefined).mountsOf(running)).toEqual([]);
  });
});
