// Starts a real control plane on loopback: etcd and kube-apiserver, and what else a test asks for.

import { tmpdir } from "node:os";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { SystemClock, type Clock } from "@karpenter-multicloud/core/runtime";
import { writeAccessFiles, writeKubeconfig } from "./access-files.ts";
import { requireBinaries, type BinaryPaths } from "./binaries.ts";
import type { NodeAuthority } from "./component-arguments.ts";
import type { Component, ControlPlane, ControlPlaneUser, OptionalComponent } from "./control-plane.ts";
import { installDefinitions } from "./custom-resource-definitions.ts";
import { claimFolder } from "./folder.ts";
import { isPortTaken } from "./free-ports.ts";
import { createLayout } from "./layout.ts";
import { ProcessGuard } from "./process-guard.ts";
import { RunningControlPlane } from "./running-control-plane.ts";

export interface ControlPlaneOptions {
  /** Beside etcd and kube-apiserver. @defaultValue none */
  readonly components?: readonly OptionalComponent[];
  /** CustomResourceDefinitions to install. */
  readonly crds?: readonly object[];
  /** Further users of the token file; "admin" is always one. */
  readonly users?: readonly ControlPlaneUser[];
  /** @defaultValue none: no certificate is signed, and nodes have no rights of their own */
  readonly nodeAuthority?: NodeAuthority;
  /** Only paces the readiness checks. @defaultValue the system's */
  readonly clock?: Clock;
  /** New, empty, or left by another control plane; removed by `stop`. @defaultValue a new temporary folder */
  readonly folder?: string;
}

const PROCESS: Readonly<Record<OptionalComponent, Exclude<Component, "etcd" | "kube-apiserver">>> = {
  scheduler: "kube-scheduler",
  "controller-manager": "kube-controller-manager",
  kwok: "kwok",
};
/** A free port may be taken by somebody else before we listen on it. */
const ATTEMPTS = 3;

/** The programs that these options need. */
export function neededBinaries(components: readonly OptionalComponent[] = []): readonly Component[] {
  return ["etcd", "kube-apiserver", ...components.map((component) => PROCESS[component])];
}

/** @throws Error when a program is missing or does not get ready; nothing is left behind then */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binaries = requireBinaries(neededBinaries(options.components));
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options, binaries);
    } catch (error) {
      if (!isPortTaken(error) || attempt === ATTEMPTS) throw error;
    }
  }
}

async function startOnce(options: ControlPlaneOptions, binaries: BinaryPaths): Promise<ControlPlane> {
  const { components = [], crds = [], users = [], clock = new SystemClock() } = options;
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), "kmc-control-plane-")));
  const layout = await createLayout(await claimFolder(folder));
  const guard = new ProcessGuard(layout.folder);
  try {
    const tokens = await writeAccessFiles(layout, users);
    await writeKubeconfig(layout.adminKubeconfig, layout, "admin", tokens.get("admin") ?? "");
    const argumentOptions = {
      serviceAccountAdmission: components.includes("controller-manager"),
      ...(options.nodeAuthority && { nodeAuthority: options.nodeAuthority }),
    };
    const plane = new RunningControlPlane({ layout, guard, binaries, tokens, clock, argumentOptions, crds });
    await plane.start("etcd");
    await plane.start("kube-apiserver");
    await installDefinitions(await plane.endpoint(), crds, clock);
    await Promise.all(components.map((component) => plane.start(PROCESS[component])));
    return plane;
  } catch (error) {
    await guard.close();
    throw error;
  }
}
