// The text a machine finds when it boots: the product's part by mode, and the user's own beside it.

import { BootstrapError } from "./bootstrap-error.ts";
import type { JoinPlan } from "./join-plan.ts";
import { multipart, partType, type UserDataPart } from "./mime.ts";
import { kosmosUserData } from "./modes/kosmos.ts";
import { kubeadmUserData } from "./modes/kubeadm.ts";
import { k3sUserData, rke2UserData } from "./modes/rancher.ts";
import { talosUserData } from "./modes/talos.ts";
import { fillTemplate } from "./template.ts";

/** Pure: the same plan gives the same text. Holds the join token. @throws BootstrapError */
export function renderUserData(given: JoinPlan): string {
  const plan = filled(given);
  const own = plan.userData ?? "";
  switch (plan.mode) {
    case "custom":
      return customUserData(own);
    case "none":
      return own;
    case "talos":
      if (own !== "") throw new BootstrapError("InvalidUserData", "Talos takes no second part of user data");
      return talosUserData(plan);
    case "kubeadm":
      return withUserPart(plan, kubeadmUserData(plan));
    case "k3s":
      return withUserPart(plan, k3sUserData(plan));
    case "rke2":
      return withUserPart(plan, rke2UserData(plan));
    case "kosmos":
      return withUserPart(plan, kosmosUserData(plan));
  }
}

/** Everything the user wrote is a template, whichever mode it is for. */
function filled(plan: JoinPlan): JoinPlan {
  const { userData, settings } = plan;
  const { preScript, postScript } = settings ?? {};
  return {
    ...plan,
    ...(userData !== undefined && { userData: fillTemplate(userData, plan) }),
    ...(settings && {
      settings: {
        ...settings,
        ...(preScript !== undefined && { preScript: fillTemplate(preScript, plan) }),
        ...(postScript !== undefined && { postScript: fillTemplate(postScript, plan) }),
      },
    }),
  };
}

function customUserData(text: string): string {
  const isTalos = /^(---\s*\n)?(version|machine|cluster):/m.test(text) && /^machine:/m.test(text);
  if (partType(text) !== undefined || isTalos || /^\s*\{\s*"ignition"/.test(text)) return text;
  throw new BootstrapError(
    "InvalidUserData",
    'user data must begin with "#cloud-config", "#!", "## template: jinja" or "Content-Type: multipart", or be a machine configuration of Talos or Ignition',
  );
}

function withUserPart(plan: JoinPlan, product: string): string {
  const text = plan.userData ?? "";
  if (text.trim() === "") return product;
  const type = partType(text);
  if (type === undefined) {
    throw new BootstrapError(
      "InvalidUserData",
      `user data beside the product's must begin with "#cloud-config", "#!", "## template: jinja" or "Content-Type: multipart"; anything else needs mode custom`,
    );
  }
  const isBefore = (plan.userDataOrder ?? "before") === "before";
  const user: UserDataPart = { type, text, fileName: isBefore ? "00-user" : "zz-user" };
  const own: UserDataPart = { type: "text/cloud-config", text: product, fileName: "karpenter" };
  if (!isBefore && mayFollow(type, text)) return multipart([own, user]);
  return multipart([user, { ...own, lists: isBefore ? "append" : "prepend" }]);
}

/** A part whose way of merging we do not hold in hand could take our files and commands away: it stands before ours. */
function mayFollow(type: UserDataPart["type"], text: string): boolean {
  if (type === "text/x-shellscript" || type === "text/cloud-boothook") return true;
  return (type === "text/cloud-config" || type === "text/jinja2") && !/^merge_(how|type)\s*:/m.test(text);
}
