// How one trial ended, as a number: trials happen millions of times and words are only needed afterwards (S-621).

export const ACCEPTED = 0;
export const TAINT = 1;
export const MISMATCH = 2;
export const UNKNOWN_LABEL = 3;
export const VOLUME_LIMIT = 4;
export const HOST_PORT = 5;
export const RESOURCES = 6;
export const VOLUME_TOPOLOGY = 7;
export const TOPOLOGY = 8;
export const NO_OPTION = 9;
export const MIN_VALUES = 10;
export const RESERVATION = 11;
export const SETTLING = 12;

export type Verdict = number;
