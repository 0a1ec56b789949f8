// Who may call: application keys with their consumer keys and access rules, OAuth2 clients, and tokens.

import type { SeededRandom } from "@karpenter-multicloud/core/testing/fake-cloud";

export interface AccessRule {
  readonly method: string;
  /** `*` stands for anything, slashes included. */
  readonly path: string;
}

export interface SeedCredential {
  readonly applicationKey: string;
  readonly applicationSecret: string;
  readonly consumerKey: string;
  /** @defaultValue every method on every path */
  readonly accessRules?: readonly AccessRule[];
}

export interface SeedOAuthClient {
  readonly clientId: string;
  readonly clientSecret: string;
  /** IAM actions it may do, `*` allowed. @defaultValue all */
  readonly iamActions?: readonly string[];
}

export interface Consumer {
  readonly applicationKey: string;
  readonly consumerKey: string;
  readonly rules: readonly AccessRule[];
  readonly createdAtMs: number;
  validated: boolean;
}

export interface Token {
  readonly clientId: string;
  readonly iamActions: readonly string[];
  readonly expiresAtMs: number;
}

const ALL_RULES: readonly AccessRule[] = ["GET", "POST", "PUT", "DELETE"].map((method) => ({
  method,
  path: "/*",
}));

export class Keyring {
  readonly applications = new Map<string, string>();
  readonly consumers = new Map<string, Consumer>();
  readonly clients = new Map<string, SeedOAuthClient>();
  readonly tokens = new Map<string, Token>();
  readonly openstackTokens: ReadonlySet<string>;
  readonly #random: SeededRandom;

  constructor(random: SeededRandom, openstackTokens: readonly string[]) {
    this.#random = random;
    this.openstackTokens = new Set(openstackTokens);
  }

  add(credential: SeedCredential, nowMs: number): void {
    const { applicationKey, applicationSecret, consumerKey, accessRules } = credential;
    this.applications.set(applicationKey, applicationSecret);
    this.consumers.set(consumerKey, {
      applicationKey,
      consumerKey,
      rules: accessRules ?? ALL_RULES,
      createdAtMs: nowMs,
      validated: true,
    });
  }

  /** A consumer key waiting for its owner to agree, as POST /auth/credential makes it. */
  request(applicationKey: string, rules: readonly AccessRule[], nowMs: number): Consumer {
    const consumer = { applicationKey, consumerKey: this.#random.hex(32), rules, createdAtMs: nowMs, validated: false };
    this.consumers.set(consumer.consumerKey, consumer);
    return consumer;
  }

  issueToken(client: SeedOAuthClient, nowMs: number, seconds: number): string {
    const token = this.#random.hex(48);
    const iamActions = client.iamActions ?? ["*"];
    this.tokens.set(token, { clientId: client.clientId, iamActions, expiresAtMs: nowMs + seconds * 1000 });
    return token;
  }
}
