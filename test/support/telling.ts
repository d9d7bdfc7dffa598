/** What a program tells over the IPC channel; it says `ready` once. */
export interface Telling {
  readonly kind: string;
}
