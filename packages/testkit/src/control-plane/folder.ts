// Which folders may be emptied and removed: only those that a control plane made its own.

import { access, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

const MARKER = ".karpenter-multicloud-control-plane";

/**
 * An empty folder that belongs to a control plane from now on.
 *
 * @throws Error when it holds files of somebody else
 */
export async function claimFolder(folder: string): Promise<string> {
  const path = resolve(folder);
  await mkdir(path, { recursive: true, mode: 0o700 });
  const names = await readdir(path);
  if (names.length > 0 && !(await isClaimed(path))) {
    throw new Error(`${path} is not empty and was not made by a control plane; choose another folder`);
  }
  await Promise.all(names.map((name) => rm(join(path, name), { recursive: true, force: true })));
  await writeFile(join(path, MARKER), "");
  return path;
}

export async function isClaimed(folder: string): Promise<boolean> {
  return access(join(folder, MARKER)).then(
    () => true,
    () => false,
  );
}
