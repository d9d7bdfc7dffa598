/** Which topics: exactly one type, or all types with a prefix. */
export interface TopicMatch {
  readonly kind: "exact" | "prefix";
  readonly text: string;
}

/** Whether a topic of this type is meant. */
export function matches({ kind, text }: TopicMatch, topicType: string): boolean {
  return kind === "exact" ? topicType === text : topicType.startsWith(text);
}
