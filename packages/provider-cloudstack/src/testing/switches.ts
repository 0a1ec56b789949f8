// Site settings and rare moods of a CloudStack that the fake shows. Tests change them while it runs; the provider must be safe with any value.

export interface Switches {
  /** "off": every call is made by the root administrator, as on the integration port. */
  auth: "on" | "off";
  /** Takes an unescaped tilde, as a few clients send it and real servers refuse it. */
  lenientTilde: boolean;
  /** enforce.post.requests.and.timestamps */
  enforcePost: boolean;
  /** The server's clock before the caller's, in milliseconds. */
  clockAheadMs: number;
  version: string;
  /** default.page.size */
  maxPageSize: number;
  /** api.throttling: as listCapabilities tells it; absent = off. */
  apiLimit: { readonly max: number; readonly intervalSeconds: number } | undefined;
  /** vm.userdata.max.length */
  userDataMaxLength: number;
  /** allow.user.expunge.recover.vm, as listCapabilities tells it. */
  allowUserExpunge: boolean;
  /** What really happens to a user who asks to expunge; absent = as the capability says. */
  expungeDenied: boolean;
  /** allow.user.view.destroyed.vm */
  allowUserViewDestroyed: boolean;
  /** Failed jobs say 530 beside the code inside, as older servers do. */
  oldJobCodes: boolean;
  /** Others than administrators do not read the text of internal errors. */
  maskInternalErrors: boolean;
  /** Commands that the callers' role lacks. */
  deniedCommands: readonly string[];
  /** The quota plugin is installed. */
  quotaPlugin: boolean;
  /** No lists of machines show anything, as after an unlucky restart. */
  hideMachines: boolean;
  /** The management server is being shut down: it answers questions and takes no new jobs. */
  maintenance: boolean;
  /** From one page to the next a row goes before the place where the list is being read, or comes. */
  pagesShift: "no" | "skip" | "repeat";
  planner: "firstfit" | "dispersing";
  /** What part of the nominal memory a Node reports. */
  memoryFactor: number;
  /** The cluster has CloudStack's cloud controller manager: it labels Nodes in its own way. */
  cloudController: boolean;
  contentType: string;
  /** The API answers at the bare address too; without that there is a web server's page. */
  servesBareAddress: boolean;
}

export const DEFAULT_SWITCHES: Readonly<Switches> = {
  auth: "on",
  lenientTilde: false,
  enforcePost: false,
  clockAheadMs: 0,
  version: "4.22.0.0",
  maxPageSize: 500,
  apiLimit: undefined,
  userDataMaxLength: 32_768,
  allowUserExpunge: false,
  expungeDenied: false,
  allowUserViewDestroyed: false,
  oldJobCodes: false,
  maskInternalErrors: false,
  deniedCommands: [],
  quotaPlugin: true,
  hideMachines: false,
  maintenance: false,
  pagesShift: "no",
  planner: "firstfit",
  memoryFactor: 0.94,
  cloudController: true,
  contentType: "application/json; charset=UTF-8",
  servesBareAddress: true,
};
