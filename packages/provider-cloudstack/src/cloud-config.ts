// The INI file of CloudStack's cloud controller manager and of cluster-autoscaler, as the variables it stands for (§12).

const VARIABLES: Readonly<Record<string, string>> = {
  "api-url": "CLOUDSTACK_API_URL",
  "api-key": "CLOUDSTACK_API_KEY",
  "secret-key": "CLOUDSTACK_SECRET_KEY",
  "project-id": "CLOUDSTACK_PROJECT_ID",
  region: "CLOUDSTACK_REGION",
};

/** Only its section [Global]; other keys are other programs' business. */
export function readCloudConfig(text: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  let isGlobal = false;
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[([^\]]*)\]/.exec(line)?.[1];
    if (section !== undefined) isGlobal = section.trim().toLowerCase() === "global";
    const [, key = "", value = ""] = /^\s*([A-Za-z-]+)\s*=\s*"?([^"]*?)"?\s*$/.exec(line) ?? [];
    if (!isGlobal || value === "") continue;
    const variable = VARIABLES[key.toLowerCase()];
    if (variable !== undefined) found[variable] = value;
    if (key.toLowerCase() === "ssl-no-verify" && value === "true") found["CLOUDSTACK_VERIFY_SSL"] = "false";
  }
  return found;
}
