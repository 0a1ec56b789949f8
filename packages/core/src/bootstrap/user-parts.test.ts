import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { aJoinPlan, bootMachine, joiningSurroundings, readUserData } from "../testing/cloud-init/index.ts";
import { BootstrapError, packUserData, partType, renderUserData } from "./index.ts";

const SCALEWAY = { maxBytes: 102_400, encoding: "text", compress: false } as const;
const CLOUDSTACK = { maxBytes: 32_768, encoding: "base64", compress: true } as const;
const USER_CONFIG =
  "#cloud-config\nhostname: other\nruncmd:\n  - echo user\nwrite_files:\n  - {path: /etc/user, content: x}\n";
const USER_MULTIPART = [
  'Content-Type: multipart/mixed; boundary="b"',
  "MIME-Version: 1.0",
  "",
  "--b",
  "Content-Type: text/cloud-config",
  "",
  USER_CONFIG,
  "--b",
  "Content-Type: text/x-shellscript",
  "",
  "#!/bin/bash\necho from-multipart",
  "--b--",
  "",
].join("\n");

function withUser(userData: string, userDataOrder: "before" | "after"): string {
  return renderUserData(aJoinPlan({ userData, userDataOrder }));
}

/** Which of the user's commands run before and which after the product's. */
function order(text: string): readonly string[] {
  return readUserData(text).commands.map((command) => (command.includes("/etc/karpenter/") ? "product" : "user"));
}

describe("the user's own part", () => {
  it("T-67: runs before or after the product's, as a script and as a cloud-config", () => {
    expect(order(withUser("#!/bin/bash\necho hi\n", "before"))).toEqual(["user", "product"]);
    expect(order(withUser("#!/bin/bash\necho hi\n", "after"))).toEqual(["product", "user"]);
    expect(order(withUser(USER_CONFIG, "before"))).toEqual(["user", "product"]);
    expect(order(withUser(USER_CONFIG, "after"))).toEqual(["product", "user"]);
  });

  it.each([
    ["a script", "#!/bin/bash\necho hi\n"],
    ["a cloud-config", USER_CONFIG],
    ["a cloud-config that replaces what it meets", `${USER_CONFIG}merge_how: "dict(replace)+list()+str()"\n`],
    ["a template of jinja", `## template: jinja\n${USER_CONFIG}`],
    ["parts of its own", USER_MULTIPART],
    ["text beyond ASCII", "#!/bin/bash\necho héllo ✓\n"],
    ["very long lines", `#!/bin/bash\n# ${"x".repeat(5000)}\n`],
  ])("does not keep the machine from joining: %s", async (_what, userData) => {
    for (const userDataOrder of ["before", "after"] as const) {
      const text = withUser(userData, userDataOrder);
      expect(await bootMachine(text, await joiningSurroundings())).toMatchObject({ joins: true });
      expect(withUser(userData, userDataOrder)).toBe(text);
    }
  });

  it.each(["before", "after"] as const)("writes the user's files too when it comes %s", (userDataOrder) => {
    const { files } = readUserData(withUser(USER_CONFIG, userDataOrder));
    expect(files.get("/etc/user")?.content).toBe("x");
    expect(files.has("/etc/karpenter/join.yaml")).toBe(true);
  });

  it("is known by its first line", () => {
    expect(partType("#!/bin/sh")).toBe("text/x-shellscript");
    expect(partType("## template: jinja\n#cloud-config")).toBe("text/jinja2");
    expect(partType("Content-Type: multipart/mixed")).toBe("multipart");
    expect(partType("machine: {}")).toBeUndefined();
  });

  it("adds nothing when it is empty", () => {
    expect(renderUserData(aJoinPlan({ userData: " \n" }))).toBe(renderUserData(aJoinPlan()));
  });
});

describe("packing", () => {
  it("C-73: compresses where the cloud takes base64, the same way every time", async () => {
    const text = renderUserData(aJoinPlan());
    const packed = packUserData(text, CLOUDSTACK);
    expect(packed).toEqual(packUserData(text, CLOUDSTACK));
    expect(packed.compressed).toBe(true);
    expect(packed.bytes).toBeLessThan(4096);
    const bytes = Buffer.from(packed.body, "base64");
    expect([...bytes.subarray(4, 10)]).toEqual([0, 0, 0, 0, 2, 255]);
    expect(gunzipSync(bytes).toString()).toBe(text);
    expect(await bootMachine(bytes, await joiningSurroundings())).toMatchObject({ joins: true });
    expect(await bootMachine(bytes.subarray(0, 500), await joiningSurroundings())).toMatchObject({ joins: false });
  });

  it("sends text as it is where the cloud takes text", () => {
    const text = renderUserData(aJoinPlan());
    expect(packUserData(text, SCALEWAY)).toEqual({ body: text, compressed: false, bytes: Buffer.byteLength(text) });
  });

  it("T-58, T-48: says both numbers when it is too much", () => {
    const noise = `#!/bin/bash\n${Array.from({ length: 4000 }, (_, at) => String(Math.sin(at))).join("\n")}\n`;
    expect(() => packUserData(noise, CLOUDSTACK)).toThrow(/user data has \d+ bytes and the cloud takes 32768/);
    expect(packUserData("#".repeat(31 * 1024), CLOUDSTACK).bytes).toBeLessThan(1000);
    const error = caught(() => packUserData("x".repeat(300 * 1024), SCALEWAY));
    expect(BootstrapError.is(error) && error.reason).toBe("UserDataTooLarge");
  });
});

function caught(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe("variables in ${…}", () => {
  const script = '#!/bin/bash\necho "${NodeName} ${HOME} ${Nothing} $NodePool ${Region:-x} ${Endpoint} {{ .Zone }}"\n';
  const { cluster: _, ...without } = aJoinPlan({ mode: "none", userData: script, dollarVariables: true });

  it("stand for what is known; everything else is the shell's", () => {
    const { nodeName, zone } = without.node;
    expect(renderUserData(without)).toContain(
      `echo "${nodeName} \${HOME} \${Nothing} $NodePool \${Region:-x} \${Endpoint} ${zone}"`,
    );
  });

  it("are the shell's alone where a cloud does not know them", () => {
    expect(renderUserData({ ...without, dollarVariables: false })).toContain('echo "${NodeName} ${HOME}');
  });
});
