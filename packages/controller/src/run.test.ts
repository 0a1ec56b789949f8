import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import "reflect-metadata";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { secretsOf } from "./compose.ts";
import { runController, type RunInput } from "./run.ts";

let folder: string;
let kubeconfig: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kmc-run-"));
  kubeconfig = await kubeconfigFor("http://127.0.0.1:1");
});
afterAll(() => rm(folder, { recursive: true }));

async function kubeconfigFor(server: string): Promise<string> {
  const path = join(folder, server.replaceAll(/\W/g, "-"));
  const config = {
    clusters: [{ name: "c", cluster: { server } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "c" } }],
    users: [{ name: "c", user: {} }],
    "current-context": "c",
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

/** The line with this message. */
function logged(text: string, message: string): Readonly<Record<string, unknown>> {
  const lines = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  return lines.find((line) => line["message"] === message) ?? {};
}

class Text extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString("utf8");
    done();
  }
}

async function run(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  broken?: Promise<Error>,
  given: Partial<RunInput> = {},
) {
  const [stdout, stderr, stop] = [new Text(), new Text(), new AbortController()];
  const never = new Promise<Error>(() => {});
  const running = runController({
    argv,
    env,
    stop: stop.signal,
    broken: broken ?? never,
    stdout,
    stderr,
    identity: "test",
    random: () => 0.5,
    ...given,
  });
  return { running, stdout, stderr, stop };
}

async function ending(argv: readonly string[], env?: Readonly<Record<string, string>>, given?: Partial<RunInput>) {
  const { running, stdout, stderr } = await run(argv, env, undefined, given);
  return { code: await running, stdout: stdout.text, stderr: stderr.text };
}

const SERVERS = ["--metrics-port=0", "--health-probe-port=0"];

describe("the controller's process", () => {
  it("prints its flags on --help and ends with 0", async () => {
    const { code, stdout, stderr } = await ending(["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("--leader-election-namespace");
  });

  it("OP-1, RT-46: tells everything that is wrong with its flags at once and ends with 2", async () => {
    const { code, stdout, stderr } = await ending(["--provder=ovh", "--metrics-port=no"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toBe(
      "karpenter: 3 settings are wrong:\n" +
        "  --provder: there is no such flag; did you mean --provider?\n" +
        "  --metrics-port=no: it is not a whole number; use a whole number from 0 to 65535\n" +
        "  --cluster-name: it is not set, and every machine must carry it; set --cluster-name or CLUSTER_NAME\n",
    );
  });

  it("wants a provider that there is", async () => {
    expect((await ending(["--cluster-name=c"])).stderr).toContain("set --provider or PROVIDER to one of ovh, ");
    const { code, stderr } = await ending(["--cluster-name=c", "--provider=aws"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("--provider=aws: there is no such provider")]);
  });

  it("runs a provider of one's own, which no setting has to name", async () => {
    const built: string[] = [];
    const factory = {
      name: "mine",
      customResources: [],
      build: ({ settings }: { settings: { clusterName: string } }) => {
        built.push(settings.clusterName);
        throw new Error("far enough");
      },
    };
    const { code, stderr } = await ending(["--cluster-name=c", `--kubeconfig=${kubeconfig}`], {}, { factory });
    expect([code, built]).toEqual([1, ["c"]]);
    expect(stderr).toContain("far enough");
  });

  it("T-09: names every required variable of CloudStack that is missing in one error", async () => {
    const { code, stderr } = await ending(["--cluster-name=c", "--provider=cloudstack", `--kubeconfig=${kubeconfig}`]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/CLOUDSTACK_API_URL[^]*CLOUDSTACK_API_KEY[^]*CLOUDSTACK_SECRET_KEY/),
    ]);
  });

  it("names the variables of the provider that are wrong", async () => {
    const { code, stderr } = await ending(["--provider=ovh", `--kubeconfig=${kubeconfig}`], {
      OVH_SERVICE_NAME: "short",
      OVH_QPS: "many",
    });
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^karpenter: 2 settings are wrong:\n.*OVH_SERVICE_NAME/)]);
  });

  it("tells that there is no cluster to talk to", async () => {
    const { code, stderr } = await ending(["--provider=ovh", "--kubeconfig=/does/not/exist"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("--kubeconfig: ENOENT")]);
  });

  it("OP-8: outside a cluster the namespace of the lease must be named", async () => {
    const { code, stderr } = await ending(["--provider=ovh", `--kubeconfig=${kubeconfig}`]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("--leader-election-namespace")]);
  });

  it("OP-3, O-64: logs a variable it cannot read, and nothing that its environment calls secret", async () => {
    const flags = ["--provider=ovh", `--kubeconfig=${kubeconfig}`, "--disable-leader-election", ...SERVERS];
    const env = { BATCH_MAX_DURATION: "canary-secret", MY_API_TOKEN: "canary-secret" };
    const { running, stdout, stop } = await run(flags, env);
    stop.abort(new Error("received SIGTERM"));
    expect(await running).toBe(0);
    const [first = ""] = stdout.text.split("\n");
    expect(JSON.parse(first)).toMatchObject({
      level: "ERROR",
      variable: "BATCH_MAX_DURATION=[redacted]: it is not a duration; using the default 10s",
    });
    expect(stdout.text).not.toContain("canary");
  });

  it("TC-59, RT-46: a log level that there is not ends it with 2, naming the value", async () => {
    const { code, stdout, stderr } = await ending(["--provider=ovh", "--log-level=warn"]);
    expect([code, stdout, stderr]).toEqual([
      2,
      "",
      "karpenter: one setting is wrong:\n  --log-level=warn: it is not a log level; use debug, info or error\n",
    ]);
  });

  it("OP-1: logs once what it takes and does not use, with the reason", async () => {
    const flags = ["--provider=ovh", `--kubeconfig=${kubeconfig}`, "--disable-leader-election", ...SERVERS];
    const env = {
      KARPENTER_SERVICE: "karpenter",
      CPU_REQUESTS: "500",
      MEMORY_LIMIT: "1073741824",
      NODE_OPTIONS: "--max-old-space-size-percentage=75",
    };
    const { running, stdout, stop } = await run(flags, env);
    stop.abort(new Error("received SIGTERM"));
    expect(await running).toBe(0);
    const told = stdout.text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
      .filter(({ message }) => message === "a setting has no effect here");
    expect(told.map(({ level, setting }) => `${String(level)} ${String(setting)}`)).toEqual([
      "INFO CPU_REQUESTS",
      "INFO KARPENTER_SERVICE",
      "INFO --memory-limit",
    ]);
    expect(told[1]).toMatchObject({ why: "it named the service of webhooks, and there are none" });
  });

  it("OP-11: the whole log goes where --log-output-paths says, its last line included", async () => {
    const file = join(folder, "karpenter.log");
    const { running, stdout, stderr, stop } = await run([
      "--provider=ovh",
      `--kubeconfig=${kubeconfig}`,
      "--leader-election-namespace=karpenter",
      `--log-output-paths=${file},stderr`,
      ...SERVERS,
    ]);
    stop.abort(new Error("received SIGTERM"));
    expect(await running).toBe(0);
    const written = await readFile(file, "utf8");
    expect([stdout.text, stderr.text]).toEqual(["", written]);
    expect(JSON.parse(written.trim().split("\n").at(-1) ?? "")).toMatchObject({
      message: "stopping before this process led",
    });
  });

  it("OP-11: a log file that cannot be opened ends it with 2", async () => {
    const flags = ["--provider=ovh", `--kubeconfig=${kubeconfig}`, "--log-output-paths=/does/not/exist.log"];
    const { code, stderr } = await ending(flags);
    expect([code, stderr]).toEqual([2, expect.stringContaining("--log-output-paths=/does/not/exist.log: ENOENT")]);
  });

  it("O-64: knows secrets by the names of their variables", () => {
    const secrets = {
      OVH_APPLICATION_KEY: "a",
      OVH_APPLICATION_SECRET: "b",
      OVH_CONSUMER_KEY: "c\n",
      SCW_SECRET_KEY: "d",
    };
    const others = { OVH_KUBE_ID: "k", SYSTEM_NAMESPACE: "n", CREDENTIALS_SECRET_NAME: "s", OVH_ACCESS_TOKEN: "" };
    expect(secretsOf({ ...secrets, ...others })).toEqual(["a", "b", "c", "d"]);
  });

  it("RT-28, RT-46: what nobody handles is logged and ends it with 1", async () => {
    const broken = Promise.resolve(new Error("unhandled rejection", { cause: new Error("oops with canary-secret") }));
    const { running, stdout } = await run(
      ["--provider=ovh", `--kubeconfig=${kubeconfig}`, "--disable-leader-election", ...SERVERS],
      { MY_API_TOKEN: "canary-secret" },
      broken,
    );
    expect(await running).toBe(1);
    const lines = stdout.text.trim().split("\n");
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({
      level: "ERROR",
      message: "the process ends",
      error: "unhandled rejection: oops with [redacted]",
    });
  });

  it.each([15, -15])(
    "RT-40: says that its machine's clock is wrong when the API server's is %i minutes from it, and stays healthy",
    async (minutes) => {
      const server = http.createServer((_, answer) => {
        const date = new Date(performance.timeOrigin + performance.now() + minutes * 60_000).toUTCString();
        answer.writeHead(404, { date, "content-type": "application/json" }).end("{}");
      });
      await new Promise<void>((resolve) => {
        server.listen(0, "127.0.0.1", resolve);
      });
      try {
        const { running, stop, stdout } = await run([
          "--provider=ovh",
          `--kubeconfig=${await kubeconfigFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)}`,
          "--leader-election-namespace=karpenter",
          ...SERVERS,
        ]);
        await vi.waitFor(() => expect(stdout.text).toContain("clock differs from the api server's"), {
          timeout: 60_000,
        });
        const said = logged(stdout.text, "this machine's clock differs from the api server's, whose time is used");
        // To the second where answers are quick, which a busy machine does not promise.
        expect(Math.abs(Number(said["aheadBySeconds"]) + minutes * 60)).toBeLessThan(60);
        const { healthProbePort } = logged(stdout.text, "serving metrics and probes");
        expect((await fetch(`http://127.0.0.1:${String(healthProbePort)}/healthz`)).status).toBe(200);
        stop.abort(new Error("received SIGTERM"));
        expect(await running).toBe(0);
      } finally {
        server.closeAllConnections();
        server.close();
      }
    },
  );

  it("ends with 0 when it is stopped before the API server ever answered", async () => {
    const { running, stop, stdout } = await run([
      "--provider=ovh",
      `--kubeconfig=${kubeconfig}`,
      "--leader-election-namespace=karpenter",
      ...SERVERS,
    ]);
    stop.abort(new Error("received SIGTERM"));
    expect(await running).toBe(0);
    expect(stdout.text).toContain("stopping before this process led");
  });
});
