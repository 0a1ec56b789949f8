// The script as bash runs it, on a machine whose programs only note that they were called.

import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aJoinPlan, readUserData } from "../testing/cloud-init/index.ts";
import { renderUserData, type JoinPlan, type ProviderID } from "./index.ts";

const UUID = "6f9619ff-8b86-4011-b42d-00c04fc964ff";
const NOTED = [
  "apt-get",
  "apt-mark",
  "containerd",
  "curl",
  "gpg",
  "install",
  "kubeadm",
  "kubelet",
  "modprobe",
  "nvidia-ctk",
];
const ALSO_NOTED = ["swapoff", "sysctl", "systemctl", "sleep"];

interface Run {
  readonly code: number;
  /** Programs with their arguments, in order. */
  readonly calls: readonly string[];
  readonly log: string;
  readonly console: string;
}

describe("the bootstrap script", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kmc-script-"));
    await mkdir(join(folder, "bin"));
    for (const path of ["etc/karpenter", "etc/containerd", "etc/apt/sources.list.d", "etc/rancher/k3s"]) {
      await mkdir(join(folder, path), { recursive: true });
    }
    await writeFile(join(folder, "etc/fstab"), "/dev/vda1 / ext4\n/dev/vda2 none swap sw\n");
    for (const name of [...NOTED, ...ALSO_NOTED]) await program(name, "");
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function program(name: string, lines: string): Promise<void> {
    const path = join(folder, "bin", name);
    await writeFile(path, `#!/bin/bash\necho "${name} $*" >>"${folder}/calls"\n${lines}\n`);
    await chmod(path, 0o755);
  }

  /** Runs with every file below the folder instead of below the root. */
  async function run(over: Partial<JoinPlan> = {}): Promise<Run> {
    const { files } = readUserData(renderUserData(aJoinPlan(over)));
    const here = (text: string): string => text.replaceAll(/(?<![\w./~-])\/etc\//g, `${folder}/etc/`);
    for (const [path, { content }] of files) {
      const target = join(folder, path);
      await mkdir(join(target, ".."), { recursive: true });
      await writeFile(target, here(content));
    }
    const env = {
      PATH: `${join(folder, "bin")}:/usr/bin:/bin`,
      KARPENTER_LOG: join(folder, "log"),
      KARPENTER_CONSOLE: join(folder, "console"),
    };
    const code = await new Promise<number>((resolve) => {
      execFile("bash", [join(folder, "etc/karpenter/bootstrap.sh")], { env }, (error) => {
        resolve(error === null ? 0 : Number(error.code));
      });
    });
    return {
      code,
      calls: (await text("calls")).trimEnd().split("\n"),
      log: await text("log"),
      console: await text("console"),
    };
  }

  async function text(name: string): Promise<string> {
    return await readFile(join(folder, name), "utf8").catch(() => "");
  }

  function withID(providerID: ProviderID): Partial<JoinPlan> {
    return { node: { ...aJoinPlan().node, providerID }, settings: { install: "preinstalled" } };
  }

  it("sets the machine up, joins, removes the token and says so on the console", async () => {
    const { code, calls, console } = await run();
    expect({ code, console }).toEqual({ code: 0, console: "karpenter: this machine has joined\n" });
    expect(calls.filter((call) => /^(swapoff|modprobe|sysctl|kubeadm|systemctl)/.test(call))).toEqual([
      "swapoff -a",
      "modprobe overlay",
      "modprobe br_netfilter",
      "sysctl --system",
      "systemctl restart containerd",
      "systemctl enable kubelet",
      `kubeadm join --config ${folder}/etc/karpenter/join.yaml`,
    ]);
    expect(calls).toContain("apt-get install -q -y kubelet=1.36.3-* kubeadm=1.36.3-*");
    expect(await text("etc/karpenter/join.yaml")).toBe("");
    expect(await text("etc/fstab")).toBe("/dev/vda1 / ext4\n#/dev/vda2 none swap sw\n");
  });

  it("tries five times, 20 s apart, and then says why there is no node", async () => {
    await program("kubeadm", "exit 1");
    const { code, calls, console } = await run();
    expect(code).toBe(1);
    expect(calls.filter((call) => call.startsWith("kubeadm"))).toHaveLength(5);
    expect(calls.filter((call) => call === "sleep 20")).toHaveLength(4);
    expect(console).toContain("this machine does not join: exit code 1");
  });

  it("joins when a later attempt succeeds", async () => {
    await program("kubeadm", `[ "$(grep -c kubeadm "${folder}/calls")" -ge 3 ]`);
    expect((await run()).code).toBe(0);
  });

  it("runs the user's scripts before and after joining, and stops at one that fails", async () => {
    const scripts = { preScript: `echo before >>${folder}/calls\n`, postScript: `echo after >>${folder}/calls\n` };
    const { calls } = await run({ settings: scripts });
    const told = calls.filter((call) => /^(before|after|kubeadm)/.test(call)).map((call) => call.split(" ")[0]);
    expect(told).toEqual(["before", "kubeadm", "after"]);
    expect((await run({ settings: { preScript: "exit 7" } })).code).toBe(7);
  });

  it("does without installing when the image has it all, and misses what it has not", async () => {
    const { code, calls } = await run({ settings: { install: "preinstalled" } });
    expect(code).toBe(0);
    expect(calls.some((call) => call.startsWith("apt-get"))).toBe(false);
    await rm(join(folder, "bin/kubeadm"));
    const without = await run({ settings: { install: "preinstalled" } });
    expect(without.code).toBe(1);
    expect(without.console).toContain("the image has no kubeadm");
  });

  it("C-70: believes the first lookup that prints a UUID, in whatever case", async () => {
    await program("kubeadm", `cat "$3" >"${folder}/joined"`);
    const lookups = ["echo i-123", "exit 1", "no-such-program", `echo ${UUID.toUpperCase()}`, "echo never"];
    expect((await run(withID({ prefix: "external-cloudstack://", lookups }))).code).toBe(0);
    expect(await text("joined")).toContain(`value: external-cloudstack://${UUID}\n`);
  });

  it("C-70: does not join a machine that cannot name itself", async () => {
    const { code, calls, console } = await run(withID({ prefix: "cloudstack://", lookups: ["echo it's me", "false"] }));
    expect(code).toBe(1);
    expect(calls.some((call) => call.startsWith("kubeadm"))).toBe(false);
    expect(console).toContain("the machine does not find its own id");
  });

  it("takes node-ip from the interface once it has an address", async () => {
    await program("kubeadm", `cat "$3" >"${folder}/joined"`);
    await program(
      "ip",
      `[ "$(grep -c '^ip ' "${folder}/calls")" -ge 3 ] && echo '2: ens5    inet 172.16.0.7/22 brd x scope global ens5'`,
    );
    const node = { ...aJoinPlan().node, nodeIPInterface: "ens5" };
    expect((await run({ node })).code).toBe(0);
    expect(await text("joined")).toMatch(/name: node-ip\n\s+value: "?172\.16\.0\.7"?\n/);
  });

  it("makes NVIDIA's runtime the default on a GPU machine", async () => {
    const { calls } = await run({ node: { ...aJoinPlan().node, gpu: true } });
    expect(calls).toContain("nvidia-ctk runtime configure --runtime=containerd --set-as-default");
    expect((await run()).calls.filter((call) => call.startsWith("nvidia-ctk"))).toHaveLength(1);
  });

  it("starts the agent of k3s, and keeps its configuration", async () => {
    const { code, calls } = await run({ mode: "k3s", settings: { install: "preinstalled" } });
    expect(code).toBe(1);
    await program("k3s", "");
    const second = await run({ mode: "k3s", settings: { install: "preinstalled" } });
    expect(second.code).toBe(0);
    expect([...calls, ...second.calls]).toContain("systemctl start k3s-agent");
    expect(await text("etc/rancher/k3s/config.yaml")).toContain("server:");
  });
});
