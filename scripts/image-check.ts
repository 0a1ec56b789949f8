// Checks the image without a container engine: makes its folder, makes it read-only, and runs it as a user without rights.
// Run it with `pnpm image:check` after `pnpm build`.

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  constants,
  copyFileSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readManifest } from "./image/manifest.ts";
import { filesIn, makeImageTree, NotBuilt } from "./image/tree.ts";

/** Nobody in particular; the image runs as another one of no rights. */
const USER = 65532;
const isRoot = process.getuid?.() === 0;

interface Run {
  readonly what: string;
  readonly args: readonly string[];
  readonly status: number;
  readonly output: RegExp;
}

/** The thread that renews the lease is found and started from the built files; there is nothing to reach. */
const LEASE_THREAD = `
  import { electInThread } from "@karpenter-multicloud/core/kube";
  const done = (code) => process.exit(code);
  const log = (message, { error } = {}) => { console.log(message + ": " + String(error?.message ?? error)); done(0); };
  const logger = { debug() {}, info() {}, warn: log, error: log, with: () => logger };
  const metrics = { count() {}, set() {}, remove() {}, observe() {} };
  const key = { namespace: "karpenter", name: "lease" };
  electInThread({ key, identity: "image-check", logger, metrics, kubeconfig: process.argv[1], userAgent: "image-check" });
  setTimeout(() => done(1), 120000);
`;

const KUBECONFIG = {
  clusters: [{ name: "none", cluster: { server: "http://127.0.0.1:1" } }],
  contexts: [{ name: "none", context: { cluster: "none", user: "none" } }],
  users: [{ name: "none", user: {} }],
  "current-context": "none",
};

const folder = mkdtempSync(join(tmpdir(), "kmc-image-"));
try {
  process.exitCode = check(folder);
} catch (error) {
  if (!(error instanceof NotBuilt)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  makeWritable(folder);
  rmSync(folder, { recursive: true, force: true });
}

function check(parent: string): number {
  const tree = join(parent, "image");
  makeImageTree(tree);
  const files = filesIn(tree);
  const bytes = files.reduce((sum, path) => sum + lstatSync(join(tree, path)).size, 0);
  say(`the image's folder holds ${files.length} files, ${(bytes / 2 ** 20).toFixed(1)} MiB`);
  const node = readableNode(parent);
  const kubeconfig = join(parent, "kubeconfig");
  writeFileSync(kubeconfig, JSON.stringify(KUBECONFIG), { mode: 0o644 });
  makeReadOnly(tree);
  chmodSync(parent, 0o755);
  const { entry } = readManifest();
  const runs: readonly Run[] = [
    { what: "prints its flags", args: [entry, "--help"], status: 0, output: /--leader-election-namespace/ },
    { what: "names what is wrong", args: [entry, "--metrics-port=x"], status: 2, output: /settings are wrong/ },
    {
      what: "loads the chosen provider",
      args: [entry, "--provider=ovh", `--kubeconfig=${kubeconfig}`],
      status: 2,
      output: /--leader-election-namespace/,
    },
    {
      what: "starts the thread of the lease",
      args: ["--input-type=module", "-e", LEASE_THREAD, kubeconfig],
      status: 0,
      output: /reading the lease failed: .*ECONNREFUSED/,
    },
    {
      what: "cannot write to its own files",
      args: ["-e", "require('fs').writeFileSync('dist/x', '')"],
      status: 1,
      output: /EACCES|EROFS/,
    },
  ];
  return runs.filter((run) => !succeeds(run, tree, node)).length === 0 ? 0 : 1;
}

function succeeds({ what, args, status, output }: Run, cwd: string, node: string): boolean {
  const identity = isRoot ? { uid: USER, gid: USER } : {};
  const result = spawnSync(node, [...args], {
    cwd,
    encoding: "utf8",
    env: { HOME: "/nonexistent" },
    timeout: 300_000,
    ...identity,
  });
  const text = `${result.stdout}${result.stderr}`;
  const isWell = result.status === status && output.test(text);
  say(`${isWell ? "ok    " : "FAILED"} ${what}`);
  if (!isWell) say(`       ended with ${result.status ?? result.signal ?? String(result.error)}:\n${text}`);
  return isWell;
}

/** Where root's node lies, others may not look. */
function readableNode(parent: string): string {
  if (!isRoot) return process.execPath;
  const copy = join(parent, "node");
  copyFileSync(process.execPath, copy, constants.COPYFILE_FICLONE);
  chmodSync(copy, 0o755);
  return copy;
}

function makeReadOnly(path: string): void {
  if (lstatSync(path).isSymbolicLink()) return;
  const isFolder = statSync(path).isDirectory();
  if (isFolder) for (const name of readdirSync(path)) makeReadOnly(join(path, name));
  chmodSync(path, isFolder ? 0o555 : 0o444);
}

function makeWritable(path: string): void {
  if (lstatSync(path).isSymbolicLink() || !statSync(path).isDirectory()) return;
  chmodSync(path, 0o755);
  for (const name of readdirSync(path)) makeWritable(join(path, name));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
