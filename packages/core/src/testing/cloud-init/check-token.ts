// Whether the API server would let this bootstrap token in, and whether the machine could trust what it is told.

import { Secrets, type Secret } from "../../api/index.ts";
import { isNotFound } from "../../kube/index.ts";
import { demand, type MachineSurroundings } from "./surroundings.ts";

const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

export async function checkToken(
  text: string,
  group: string,
  { cluster, now }: MachineSurroundings,
  signal: AbortSignal,
): Promise<void> {
  const [, id = "", secret = ""] = TOKEN.exec(text) ?? [];
  demand(id !== "", "the token has not the form of a bootstrap token");
  const key = { namespace: "kube-system", name: `bootstrap-token-${id}` };
  const stored = await cluster.kube.get(Secrets, key, { signal }).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  demand(stored !== undefined, `no Secret ${key.name}`);
  demand(stored.type === "bootstrap.kubernetes.io/token", `Secret ${key.name} is no bootstrap token`);
  demand(valueOf(stored, "token-id") === id, `Secret ${key.name} is of another token`);
  demand(valueOf(stored, "token-secret") === secret, "the token's secret is wrong");
  const expiration = valueOf(stored, "expiration");
  demand(expiration === "" || Date.parse(expiration) > now, "the token has expired");
  demand(valueOf(stored, "usage-bootstrap-authentication") === "true", "the token may not authenticate");
  demand(valueOf(stored, "usage-bootstrap-signing") === "true", "the token may not sign the cluster's description");
  const groups = valueOf(stored, "auth-extra-groups").split(",");
  demand(
    groups.every((each) => GROUP.test(each)),
    "the token's groups are no groups of bootstrappers",
  );
  demand(groups.includes(group), `the token is not in ${group}, so its certificate is not approved`);
}

function valueOf(secret: Secret, key: string): string {
  return Buffer.from(secret.data?.[key] ?? "", "base64").toString("utf8");
}
