// The files that say who may talk to the server: tokens, service account keys, kubeconfigs, and the audit policy.

import { generateKeyPair, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { ControlPlaneUser } from "./control-plane.ts";
import type { Layout } from "./layout.ts";

/** Readable by nobody else. */
const SECRET = { mode: 0o600 };
const ADMIN: ControlPlaneUser = { name: "admin", groups: ["system:masters"] };

/** Everything once, without the doubled record of its arrival. */
const AUDIT_POLICY = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  omitManagedFields: true,
  rules: [{ level: "Metadata" }],
};

/** Token of each user by name, "admin" among them. */
export async function writeAccessFiles(
  layout: Layout,
  users: readonly ControlPlaneUser[],
): Promise<ReadonlyMap<string, string>> {
  const all = [ADMIN, ...users];
  const tokens = new Map(all.map(({ name }) => [name, randomBytes(24).toString("base64url")]));
  const lines = all.map(({ name, groups = [] }) => [tokens.get(name) ?? "", name, name, quoted(groups.join(","))]);
  await Promise.all([
    writeFile(layout.tokensFile, lines.map((line) => `${line.join(",")}\n`).join(""), SECRET),
    writeFile(layout.auditPolicy, JSON.stringify(AUDIT_POLICY)),
    writeServiceAccountKeys(layout),
  ]);
  return tokens;
}

async function writeServiceAccountKeys(layout: Layout): Promise<void> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  await writeFile(layout.serviceAccountKey, privateKey, SECRET);
  await writeFile(layout.serviceAccountPublicKey, publicKey);
}

/** JSON, which every reader of YAML reads. */
export async function writeKubeconfig(path: string, layout: Layout, user: string, token: string): Promise<void> {
  const name = "control-plane";
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server: layout.url, "certificate-authority": layout.caFile } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name, context: { cluster: name, user } }],
    "current-context": name,
  };
  await writeFile(path, `${JSON.stringify(config, undefined, 2)}\n`, SECRET);
}

function quoted(text: string): string {
  return `"${text}"`;
}
