/** Agent types whose agents of one key must live together, because their workers share what arrives among them. */
export interface Cohort<Worker> {
  /** The worker on which an agent of this key lives, whatever its type; undefined when none lives anywhere. */
  workerOf(key: string): Worker | undefined;
}
