import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claimFolder } from "./folder.ts";
import { ProcessGuard } from "./process-guard.ts";

const GUARD_MODULE = fileURLToPath(new URL("./process-guard.ts", import.meta.url));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "process-guard-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("process guard", () => {
  it("starts programs, writes their output to a file and ends them with itself", async () => {
    const guard = new ProcessGuard(folder);
    const log = join(folder, "log");
    const child = await guard.start("sh", ["-c", "echo hello; exec sleep 600"], log);
    expect(isAlive(child.pid)).toBe(true);
    await expect.poll(() => readFile(log, "utf8")).toBe("hello\n");
    await guard.close();
    expect(isAlive(child.pid)).toBe(false);
    expect(existsSync(folder)).toBe(false);
  });

  it("tells how a program ended", async () => {
    const guard = new ProcessGuard(folder);
    const failing = await guard.start("sh", ["-c", "exit 3"], join(folder, "log"));
    await expect.poll(() => failing.ended).toBe("exit code 3");
    const killed = await guard.start("sleep", ["600"], join(folder, "log"));
    await killed.kill();
    expect(killed.ended).toBe("SIGKILL");
    await expect(guard.start(join(folder, "absent"), [], join(folder, "log"))).rejects.toThrow("ENOENT");
    await guard.close();
  });

  it("ends everything when the process that asked for it is killed", async () => {
    const script = join(folder, "owner.ts");
    const home = await mkdtemp(join(tmpdir(), "process-guard-home-"));
    await writeFile(
      script,
      `import { ProcessGuard } from ${JSON.stringify(GUARD_MODULE)};
      const guard = new ProcessGuard(${JSON.stringify(home)});
      const child = await guard.start("sleep", ["600"], ${JSON.stringify(join(home, "log"))});
      console.log(child.pid);`,
    );
    const owner = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await Array.fromAsync(firstLine(owner.stdout));
    const pid = Number(line);
    expect(isAlive(pid)).toBe(true);
    owner.kill("SIGKILL");
    await expect.poll(() => isAlive(pid)).toBe(false);
    await expect.poll(() => existsSync(home)).toBe(false);
  });

  it("ends the programs itself when the guard is killed", async () => {
    const guard = new ProcessGuard(folder);
    const child = await guard.start("sh", ["-c", "echo $PPID; exec sleep 600"], join(folder, "log"));
    await expect.poll(() => readFile(join(folder, "log"), "utf8")).toMatch(/^\d+\n$/);
    const guardPid = Number(await readFile(join(folder, "log"), "utf8"));
    process.kill(guardPid, "SIGKILL");
    await expect.poll(() => isAlive(child.pid)).toBe(false);
    expect(child.ended).toBe("its guard has ended");
  });
});

describe("folder of a control plane", () => {
  it("is emptied when a control plane left it", async () => {
    await claimFolder(folder);
    await writeFile(join(folder, "old.log"), "old");
    await claimFolder(folder);
    expect(existsSync(join(folder, "old.log"))).toBe(false);
  });

  it("is refused when it holds somebody's files", async () => {
    await writeFile(join(folder, "thesis.txt"), "years of work");
    await expect(claimFolder(folder)).rejects.toThrow("is not empty and was not made by a control plane");
    expect(existsSync(join(folder, "thesis.txt"))).toBe(true);
  });
});

async function* firstLine(stream: NodeJS.ReadableStream): AsyncGenerator<string> {
  for await (const line of createInterface({ input: stream })) {
    yield line;
    return;
  }
}
