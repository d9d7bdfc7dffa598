/** Something that the user has to be told, in one line and without a stack: nothing is wrong with this program. */
export class Complaint extends Error {
  /** What the process ends with. */
  readonly exitCode: number;

  constructor(text: string, exitCode = 1) {
    super(text);
    this.name = "Complaint";
    this.exitCode = exitCode;
  }
}

/** A wrong command line. */
export function wrongUse(text: string): Complaint {
  return new Complaint(text, 2);
}
