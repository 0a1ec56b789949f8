import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeClock } from "../../testing/index.ts";
import { Credentials } from "./credentials.ts";

let folder: string;
let clock: FakeClock;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "credentials-"));
  clock = new FakeClock();
  await writeFile(join(folder, "ca.crt"), "authority one");
  await writeFile(join(folder, "token"), "first\n");
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function kubeconfig(user: object, cluster: object = {}): Promise<string> {
  const path = join(folder, "kubeconfig");
  const config = {
    clusters: [{ name: "c", cluster: { server: "https://10.0.0.1", "certificate-authority": "ca.crt", ...cluster } }],
    users: [{ name: "u", user }],
    contexts: [
      { name: "x", context: { cluster: "c", user: "u" } },
      { name: "lost", context: { cluster: "nowhere", user: "u" } },
    ],
    "current-context": "x",
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

const tokenOf = async (credentials: Credentials): Promise<string | undefined> =>
  (await credentials.current()).headers["Authorization"];

describe("Credentials", () => {
  it("RT-23: notices a rotated token within 30 s, and drops the newline at its end", async () => {
    const credentials = new Credentials(
      { kubeconfig: await kubeconfig({ "token-file": join(folder, "token") }) },
      clock,
    );
    expect(await tokenOf(credentials)).toBe("Bearer first");
    await writeFile(join(folder, "token"), "second\n");
    await clock.advance(29_000);
    expect(await tokenOf(credentials)).toBe("Bearer first");
    await clock.advance(1_000);
    expect(await tokenOf(credentials)).toBe("Bearer second");
  });

  it("RT-23: reads at once after a refusal, but not for every refusal", async () => {
    const tokenFile = join(folder, "token");
    const user = { "auth-provider": { name: "tokenFile", config: { tokenFile } } };
    const credentials = new Credentials({ kubeconfig: await kubeconfig(user) }, clock);
    expect(await tokenOf(credentials)).toBe("Bearer first");
    await writeFile(tokenFile, "second");
    const renewed = await credentials.renew();
    expect(renewed.headers["Authorization"]).toBe("Bearer second");
    expect(await credentials.renew()).toBe(renewed);
    await clock.advance(2_000);
    expect(await credentials.renew()).not.toBe(renewed);
  });

  it("RT-23: opens new connections when the authority changes, not when the token does", async () => {
    const credentials = new Credentials(
      { kubeconfig: await kubeconfig({ "token-file": join(folder, "token") }) },
      clock,
    );
    const before = await credentials.current();
    await writeFile(join(folder, "token"), "second");
    await clock.advance(30_000);
    expect((await credentials.current()).transportId).toBe(before.transportId);
    await writeFile(join(folder, "ca.crt"), "authority two");
    await clock.advance(30_000);
    const after = await credentials.current();
    expect(after.transportId).not.toBe(before.transportId);
    expect(String(after.tls.ca)).toBe("authority two");
  });

  it("starts a credential plug-in once, until its token is refused", async () => {
    const runs = join(folder, "runs");
    const answer = JSON.stringify({ status: { token: "from plug-in" } });
    const script = `echo run >> ${runs}; echo '${answer}'`;
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "sh", args: ["-c", script] };
    const credentials = new Credentials({ kubeconfig: await kubeconfig({ exec }) }, clock);
    expect(await tokenOf(credentials)).toBe("Bearer from plug-in");
    await clock.advance(60_000);
    expect(await tokenOf(credentials)).toBe("Bearer from plug-in");
    expect(await readFile(runs, "utf8")).toBe("run\n");
    await credentials.renew();
    expect(await readFile(runs, "utf8")).toBe("run\nrun\n");
  });

  it("tries again after credentials that could not be read", async () => {
    const credentials = new Credentials({ kubeconfig: await kubeconfig({ token: "t" }) }, clock);
    await rm(join(folder, "ca.crt"));
    await expect(credentials.current()).rejects.toThrow("ENOENT");
    await writeFile(join(folder, "ca.crt"), "authority one");
    expect(await tokenOf(credentials)).toBe("Bearer t");
  });

  it("says which context knows no cluster", async () => {
    const path = await kubeconfig({ token: "t" });
    expect(() => new Credentials({ kubeconfig: path, context: "other" }, clock)).toThrow(
      `no cluster in ${path}: context "other" is unknown`,
    );
    expect(() => new Credentials({ kubeconfig: path, context: "lost" }, clock)).toThrow("no cluster in");
  });

  it("sends no token over plain HTTP, and speaks it on loopback only", async () => {
    const local = new Credentials(
      { kubeconfig: await kubeconfig({ token: "t" }, { server: "http://127.0.0.1:8001" }) },
      clock,
    );
    expect((await local.current()).headers).toEqual({});
    const remote = new Credentials(
      { kubeconfig: await kubeconfig({ token: "t" }, { server: "http://10.0.0.1" }) },
      clock,
    );
    await expect(remote.current()).rejects.toThrow("HTTP protocol is not allowed");
  });
});
