/**
 * What is wrong with a description, and where. Loading returns findings; nothing here throws for bad input (design §7.7).
 */
import type { Place } from './description.js';

/**
 * `syntax`: the text itself. `setting`: no such setting. `unsupported`: of the format, not supported yet. `value`: the
 * setting's value. `substitution`: a variable. `file`: an include, environment file or directory cannot be read.
 * `incomplete`: something required is absent. `not-found`: no such service. `cycle`: dependencies that lead back.
 * `limit`: a named limit is reached.
 */
export type FindingKind =
  | 'syntax'
  | 'setting'
  | 'unsupported'
  | 'value'
  | 'substitution'
  | 'file'
  | 'incomplete'
  | 'not-found'
  | 'cycle'
  | 'limit';

export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly kind: FindingKind;
  /** The service whose description it is about. */
  readonly service: string;
  /** `undefined` where no file is involved (a name asked for that does not exist). */
  readonly place: Place | undefined;
  readonly message: string;
}

/**
 * As a reader of the files would come upon them: the files in the order in which they were read, and within one by place. What is
 * wrong without a file keeps its position.
 */
export function inOrder(findings: readonly Finding[]): readonly Finding[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const file = finding.place?.path ?? `\0${finding.service}`;
    const group = groups.get(file);
    if (group === undefined) groups.set(file, [finding]);
    else group.push(finding);
  }
  const byPlace = ({ place: a }: Finding, { place: b }: Finding): number =>
    a === undefined || b === undefined ? 0 : a.line - b.line || a.column - b.column;
  return [...groups.values()].flatMap((group) => group.sort(byPlace));
}

/** `file:line:column: message`, as people and editors expect it. */
export function formatFinding(finding: Finding): string {
  const { place } = finding;
  const where = place === undefined ? finding.service : `${place.path}:${place.line}:${place.column}`;
  return `${where}: ${finding.severity === 'warning' ? 'warning: ' : ''}${finding.message}`;
}
