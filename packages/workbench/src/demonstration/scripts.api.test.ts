// The demonstration on OVHcloud as people type it: bash, kubectl, envsubst and Helm against a real API server and the fake API over HTTPS.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { findBinary, prepareControlPlane } from "@karpenter-multicloud/testkit/control-plane";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OVH_COMMANDS } from "../earlier-documents/ovh-commands.ts";
import { COMPONENTS, Stage } from "../e2e-real/stage.ts";
import { LIMIT_MS, PATIENCE } from "../real-cluster/patience.ts";
import { DEMONSTRATION, variablesFor } from "./files.ts";

const isThere = await prepareControlPlane("the demonstration, typed", COMPONENTS, ["helm", "kubectl"]);

/** For machines without gettext. */
const ENVSUBST = `#!${process.execPath}
let text = "";
process.stdin.on("data", (chunk) => { text += chunk; }).on("end", () => {
  process.stdout.write(text.replace(/\\$\\{(\\w+)\\}/g, (_, name) => process.env[name] ?? ""));
});
`;

interface Typed {
  readonly code: number | null;
  readonly printed: string;
}

describe.runIf(isThere)("the demonstration, typed", () => {
  let stage: Stage;
  let tools: string;
  let env: Readonly<Record<string, string | undefined>>;

  beforeAll(async () => {
    stage = await Stage.open();
    stage.controller.start();
    await stage.controller.leads();
    tools = mkdtempSync(join(tmpdir(), "kmc-demonstration-"));
    writeFileSync(join(tools, "envsubst"), ENVSUBST, { mode: 0o755 });
    const built = dirname(findBinary("kubectl") ?? "");
    const helm = dirname(findBinary("helm") ?? "");
    env = {
      ...process.env,
      ...variablesFor(stage.cloud.credentials),
      PATH: [built, helm, process.env["PATH"], tools].join(delimiter),
      KUBECONFIG: stage.plane.kubeconfigPath,
      OVH_ENDPOINT: stage.cloud.url,
      CURL_CA_BUNDLE: stage.cloud.caFile,
      TIMEOUT: "360",
    };
  }, LIMIT_MS);

  afterAll(async () => {
    rmSync(tools, { recursive: true, force: true });
    await stage.close("demonstration");
  }, LIMIT_MS);

  async function type(command: string, extra: Readonly<Record<string, string>> = {}): Promise<Typed> {
    const line = ["-o", "pipefail", "-c", `${command} 2>&1`];
    const child = spawn("bash", line, {
      cwd: DEMONSTRATION,
      env: { ...env, ...extra },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise<number | null>((resolve, reject) => child.on("close", resolve).on("error", reject));
    const [printed, code] = await Promise.all([text(child.stdout), ended]);
    return { code, printed };
  }

  it(
    "S-30, S-43: everything is found, or what is missing is named",
    async () => {
      const all = await type("./00-verify-prereqs.sh");
      expect(all.printed).toMatch(/everything is there\n$/);
      expect(all.printed.match(/^ok {7}GET /gm)).toHaveLength(4);
      expect(all.code).toBe(0);
      const short = await type("./00-verify-prereqs.sh", { OVH_SERVICE_NAME: "my-project", OVH_CONSUMER_KEY: "" });
      expect(short.printed).toMatch(/^MISSING {2}OVH_CONSUMER_KEY/m);
      expect(short.printed).toMatch(/^MISSING {2}OVH_SERVICE_NAME: .*32 characters/m);
      expect(short.code).toBe(1);
      const wrong = await type("./00-verify-prereqs.sh", { OVH_KUBE_ID: "22222222-2222-4333-8444-555555555555" });
      expect(wrong.printed).toMatch(/^MISSING {2}GET .*: not found; check OVH_SERVICE_NAME and OVH_KUBE_ID$/m);
    },
    LIMIT_MS,
  );

  it(
    "every command of the guide is taken, and all its pods run",
    async () => {
      const start = OVH_COMMANDS.findIndex(({ typed }) => typed === "./00-verify-prereqs.sh");
      const commands = OVH_COMMANDS.slice(start + 1).map(({ typed, here }) => (here ?? typed).replace(/^watch /, ""));
      for (const command of commands.filter((each) => !each.startsWith("./99"))) {
        const whole = command.startsWith("helm") ? `${command} ${FLAGS}` : command;
        const { code, printed } = await type(whole);
        expect([whole, printed, code]).toEqual([whole, printed, 0]);
      }
      const labelled = await type("kubectl get pods -n karpenter -l app.kubernetes.io/name=karpenter-ovhcloud -o name");
      expect(labelled.printed).toMatch(/^pod\/karpenter-ovhcloud-/);
      await stage.clock.until(async () => (await stage.running()) === 12, { timeout: PATIENCE });
      expect(await stage.running()).toBe(12);
      // CH-1: the chart's pods wait, as this cluster has no nodes but ours; also young ones, without their labels yet, are not theirs.
      const placed = await type("kubectl get pods -n karpenter -o jsonpath='{.items[*].spec.nodeName}'");
      expect(placed.printed).toBe("");
      const zones = await type("kubectl get nodes -L topology.kubernetes.io/zone");
      for (const zone of ["eu-west-par-a", "eu-west-par-b", "eu-west-par-c"]) expect(zones.printed).toContain(zone);
    },
    LIMIT_MS,
  );

  it(
    "S-42: the last script leaves nothing, neither in the cluster nor in the cloud",
    async () => {
      const { code, printed } = await type("./99-cleanup.sh");
      if (code !== 0)
        console.error((await type("kubectl describe nodeclaims,nodes; kubectl get pods -A -o wide")).printed);
      expect(printed).toMatch(/everything is gone\n$/);
      expect(code).toBe(0);
      expect(await stage.leftovers()).toEqual([]);
      expect((await type("kubectl get namespace karpenter")).code).not.toBe(0);
    },
    LIMIT_MS,
  );
});

/** As the guide has them. */
const FLAGS =
  '--namespace karpenter --set ovh.serviceName="${OVH_SERVICE_NAME}" --set ovh.kubeId="${OVH_KUBE_ID}" --set ovh.region="${OVH_REGION}"';
