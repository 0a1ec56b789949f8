import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLog } from "./log-output.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kmc-log-"));
});
afterEach(() => rm(folder, { recursive: true }));

function streams() {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const texts = () => [String(stdout.read() ?? ""), String(stderr.read() ?? "")];
  return { stdout, stderr, texts };
}

describe("where the log goes, OP-11", () => {
  it("is standard output itself when nothing else is named", () => {
    const { stdout, stderr } = streams();
    const paths = { logOutputPaths: ["stdout"], logErrorOutputPaths: ["stderr"] };
    expect(openLog(paths, { stdout, stderr }).stream).toBe(stdout);
  });

  it("is every place that is named, files being appended to", async () => {
    const { stdout, stderr, texts } = streams();
    const file = join(folder, "a.log");
    const paths = { logOutputPaths: ["stderr", file], logErrorOutputPaths: ["stderr"] };
    for (const line of ["one\n", "two\n"]) {
      const log = openLog(paths, { stdout, stderr });
      log.stream.write(line);
      log.close();
    }
    expect(await readFile(file, "utf8")).toBe("one\ntwo\n");
    expect(texts()).toEqual(["", "one\ntwo\n"]);
  });

  it("refuses a file that cannot be opened by naming flag and file", () => {
    const { stdout, stderr } = streams();
    const file = join(folder, "no", "such.log");
    const open = (logOutputPaths: readonly string[], logErrorOutputPaths: readonly string[]) => () =>
      openLog({ logOutputPaths, logErrorOutputPaths }, { stdout, stderr });
    expect(open([file], ["stderr"])).toThrow(`--log-output-paths=${file}: ENOENT`);
    expect(open(["stdout", "stderr"], [file])).toThrow(`--log-error-output-paths=${file}: ENOENT`);
  });

  it("a place that fails is told once, and costs the others nothing", () => {
    const { stdout, stderr, texts } = streams();
    const paths = { logOutputPaths: ["/dev/full", "stdout"], logErrorOutputPaths: ["stderr"] };
    const log = openLog(paths, { stdout, stderr });
    log.stream.write("one\n");
    log.stream.write("two\n");
    log.close();
    const [lines, complaints] = texts();
    expect(lines).toBe("one\ntwo\n");
    expect(complaints).toMatch(/^karpenter: the log cannot be written to \/dev\/full: ENOSPC[^\n]*\n$/);
  });
});
