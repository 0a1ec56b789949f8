// Makes the folder that becomes the image's root: a production deployment of the controller, less what the manifest leaves out.

import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { belongsInImage, readManifest, SCOPE, type ImageManifest } from "./manifest.ts";

const WORKSPACE_FOLDER = new RegExp(`(${SCOPE}\\+[a-z-]+@)file\\+[^/]*`);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What a person can put right; shown without a stack. */
export class NotBuilt extends Error {
  override readonly name = "NotBuilt";
}

/** @throws NotBuilt; Error when what was deployed is not what the manifest says */
export function makeImageTree(target: string): void {
  const manifest = readManifest();
  if (!existsSync(join(ROOT, "packages/controller", manifest.entry))) {
    throw new NotBuilt("the controller is not built: run pnpm build");
  }
  const folder = mkdtempSync(join(tmpdir(), "kmc-deploy-"));
  try {
    copyWorkspace(folder, ["controller", ...manifest.workspacePackages]);
    const deployed = join(folder, "deployed");
    deploy(folder, deployed);
    copyTree(deployed, target, manifest);
    checkPackages(target, manifest);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** All files and links, from the root, with forward slashes. Links are not followed. */
export function filesIn(folder: string, prefix = ""): readonly string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${prefix}${entry.name}`;
      return entry.isDirectory() ? filesIn(folder, `${path}/`) : [path];
    });
}

/** pnpm deploys by the lock file only where workspace packages are copied in, and remembers in node_modules that it did: not in the checkout. */
function copyWorkspace(folder: string, built: readonly string[]): void {
  for (const name of ["package.json", "pnpm-lock.yaml"]) cpSync(join(ROOT, name), join(folder, name));
  const settings = readFileSync(join(ROOT, "pnpm-workspace.yaml"), "utf8");
  writeFileSync(join(folder, "pnpm-workspace.yaml"), `${settings}\ninjectWorkspacePackages: true\n`);
  for (const name of readdirSync(join(ROOT, "packages"))) {
    const [from, to] = [join(ROOT, "packages", name), join(folder, "packages", name)];
    mkdirSync(to, { recursive: true });
    cpSync(join(from, "package.json"), join(to, "package.json"));
    if (built.includes(name)) cpSync(join(from, "dist"), join(to, "dist"), { recursive: true });
  }
}

function deploy(workspace: string, folder: string): void {
  const args = ["--filter", `${SCOPE}/controller`, "deploy", "--prod", "--ignore-scripts", folder];
  const { status, stdout, stderr } = spawnSync("pnpm", args, {
    cwd: workspace,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new Error(`pnpm deploy failed:\n${stdout}${stderr}`);
}

function copyTree(from: string, to: string, manifest: ImageManifest): void {
  for (const path of filesIn(from)) {
    const source = join(from, path);
    const target = join(to, lasting(path));
    if (!belongsInImage(manifest, path)) continue;
    mkdirSync(dirname(target), { recursive: true });
    if (lstatSync(source).isSymbolicLink()) symlinkSync(lasting(readlinkSync(source)), target);
    else cpSync(source, target);
  }
  for (const path of filesIn(to)) if (isDangling(join(to, path))) rmSync(join(to, path));
}

/** pnpm names the folders of workspace packages after where they came from, which here is another folder each time. */
function lasting(path: string): string {
  return path.replace(WORKSPACE_FOLDER, "$1workspace");
}

/** A link to a package of which nothing is copied. */
function isDangling(path: string): boolean {
  return lstatSync(path).isSymbolicLink() && !existsSync(path);
}

function checkPackages(tree: string, manifest: ImageManifest): void {
  const scopes = join(tree, "node_modules/.pnpm/node_modules");
  const hoisted = existsSync(scopes) ? packagesIn(scopes) : [];
  const all = new Set([...packagesIn(join(tree, "node_modules")), ...hoisted]);
  const forbidden = manifest.neverPackages.filter((name) => all.has(name));
  if (forbidden.length > 0) throw new Error(`these packages must not be in the image: ${forbidden.join(", ")}`);
  const ours = [...all].filter((name) => name.startsWith(`${SCOPE}/`)).toSorted();
  const wanted = manifest.workspacePackages.map((name) => `${SCOPE}/${name}`).toSorted();
  if (ours.join() !== wanted.join()) {
    throw new Error(`the image holds our packages ${ours.join(", ")}; the manifest says ${wanted.join(", ")}`);
  }
}

function packagesIn(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    if (name.startsWith(".")) return [];
    return name.startsWith("@") ? readdirSync(join(folder, name)).map((inner) => `${name}/${inner}`) : [name];
  });
}
