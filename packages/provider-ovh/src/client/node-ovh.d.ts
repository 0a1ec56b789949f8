// The part of @ovhcloud/node-ovh 3.0.0 that is used; the package ships no types.

declare module "@ovhcloud/node-ovh" {
  function ovh(options: ovh.Options): ovh.Client;
  namespace ovh {
    interface Options {
      readonly host: string;
      readonly port: number;
      readonly basePath: string;
      readonly appKey: string;
      readonly appSecret: string;
      readonly consumerKey: string;
      readonly warn?: (...text: unknown[]) => void;
    }
    interface Client {
      /** Seconds the API is ahead of the local clock. As an option 0 is ignored; as a property it counts. */
      apiTimeDiff: number | null;
      /** Rejects with `{ error, message }`. Changes `params`. */
      requestPromised(method: string, path: string, params: Record<string, unknown>): PromiseLike<unknown>;
    }
  }
  export = ovh;
}
