import { describe, expect, it } from "vitest";
import { jobError, payloadOf } from "./answer.ts";
import { judge, kindOf } from "./failure-kind.ts";

/** What is thrown for an HTTP answer. */
function failure(command: string, status: number, body: string): unknown {
  try {
    payloadOf(command, { status, text: body });
  } catch (error) {
    return error;
  }
  throw new Error("it was taken as a success");
}

const refused = (command: string, errorcode: number, errortext: string, cserrorcode = 9999): unknown =>
  failure(command, errorcode, JSON.stringify({ response: { uuidList: [], errorcode, cserrorcode, errortext } }));

describe("what a failure of CloudStack means", () => {
  it.each([
    ["listZones", 401, "unable to verify user credentials and/or request signature", "auth"],
    [
      "listCapacity",
      401,
      "The given command 'listCapacity' either does not exist, is not available for user.",
      "permission",
    ],
    [
      "listZones",
      429,
      "The given user has reached his/her account api limit, please retry after [734] ms.",
      "throttled",
    ],
    [
      "listVirtualMachines",
      431,
      "Invalid parameter id value=x due to incorrect long value format, or entity does not exist",
      "not-found",
    ],
    [
      "deployVirtualMachine",
      431,
      "The vm with hostName a already exists in the network domain: d; network=n",
      "name-taken",
    ],
    ["deployVirtualMachine", 431, "User data is too long", "config"],
    ["deployVirtualMachine", 530, "Internal error executing command", "transient"],
    ["deployVirtualMachine", 530, "Unable to create a deployment for VM[x]", "no-capacity"],
    ["deployVirtualMachine", 531, "Acct does not have permission to operate with resource VM", "object-permission"],
    ["deployVirtualMachine", 533, "Insufficient server capacity", "no-capacity"],
    ["deployVirtualMachine", 533, "Unable to allocate an IP address", "no-address"],
    ["deployVirtualMachine", 533, "Please check the affinity groups provided", "affinity"],
    ["deployVirtualMachine", 533, "No storage pool fits", "no-storage"],
    ["deployVirtualMachine", 534, "Zone is down", "unavailable"],
    ["deployVirtualMachine", 535, "Maximum amount of resources of Type = 'cpu'", "limit"],
    ["createTags", 530, "tag team already on UserVm with id 5", "exists"],
  ])("%s %i %s: %s", (command, code, text, kind) => {
    expect(kindOf(refused(command, code, text))).toBe(kind);
  });

  it("T-48: of a job, the code inside counts, not the 530 that old servers write beside it", () => {
    const error = jobError("deployVirtualMachine", {
      jobstatus: 2,
      jobresultcode: 530,
      jobresult: { errorcode: 533, errortext: "Unable to create a deployment for VM" },
    });
    expect(error.facts).toMatchObject({ code: 533, inJob: true });
    expect(kindOf(error)).toBe("no-capacity");
  });

  it("T-60: 429 says how long to wait, for writes too: it was refused before anything was done", () => {
    expect(judge(refused("deployVirtualMachine", 429, "please retry after [734] ms."))).toMatchObject({
      retry: true,
      after: 734,
    });
  });

  it("T-10: a proxy's page is repeated for a read, and for a write it is not known what happened", () => {
    const page = "<html><body>502 Bad Gateway</body></html>";
    expect(judge(failure("listZones", 502, page))).toEqual({ cloud: "down", retry: true, reason: "transient" });
    const write = failure("deployVirtualMachine", 502, page);
    expect(judge(write)).toMatchObject({ retry: false });
    expect(write).toMatchObject({
      facts: { outcomeUnknown: true, said: "the answer is not CloudStack's: 502 Bad Gateway" },
    });
  });

  it("a text cut short is a failure, not an empty answer", () => {
    expect(kindOf(failure("listZones", 200, '{"listzonesresponse":{"count":1,"zo'))).toBe("transient");
    expect(payloadOf("listZones", { status: 200, text: '{"listzonesresponse":{}}' })).toEqual({});
  });
});
