/** Where it is shown that a behaviour is kept, or why it is not. */
export type Proof =
  /** A case, which runs on the local runtime and on meshes of every shape. */
  | { readonly kind: "case"; readonly id: string }
  /** A test of what only a mesh can do, or only a compiler: in this file, with these words in its name. */
  | { readonly kind: "test"; readonly file: string; readonly title: string }
  /** Nothing yet. The row becomes one of the above when it is built. */
  | { readonly kind: "not-met"; readonly why: string }
  /** It makes no sense here. */
  | { readonly kind: "not-here"; readonly why: string };

/** What users may rely on, and where that is written. Ids are never given to another behaviour. */
export interface Requirement {
  readonly id: string;
  readonly behaviour: string;
  /**
   * `DESIGN` by section, those of section 2 with the name of the promise; `issue 2` by section; `autogen` by section of
   * the notes on it, and by the name of its test. Several with semicolons between them.
   */
  readonly source: string;
  readonly proof: Proof;
}

/** A behaviour that a case shows. */
export function row(id: string, behaviour: string, source: string, test: string): Requirement {
  return { id, behaviour, source, proof: { kind: "case", id: test } };
}

/** A behaviour that a test elsewhere shows; `shown` is its file and words of its name. */
export function elsewhere(
  id: string,
  behaviour: string,
  source: string,
  ...[file, title]: readonly [file: string, title: string]
): Requirement {
  return { id, behaviour, source, proof: { kind: "test", file, title } };
}

/** A behaviour that is missing. */
export function notMet(id: string, behaviour: string, source: string, why: string): Requirement {
  return { id, behaviour, source, proof: { kind: "not-met", why } };
}

/** A behaviour of another system that makes no sense here. */
export function notHere(id: string, behaviour: string, source: string, why: string): Requirement {
  return { id, behaviour, source, proof: { kind: "not-here", why } };
}
