/**
 * Workloads that were measured again after a run, because the harness was mended or the machine was disturbed: their lines take the place of the
 * earlier ones, whatever they say, and the run tells of it. Ratios stay within one run each: none has a workload's lines from both.
 */
import type { Results } from './directory.js';

/** What took the place of what a run had measured itself. */
export interface MeasuredAgain {
  readonly workloads: readonly string[];
  readonly commit: string;
  readonly is_dirty: boolean | null;
  /** ISO 8601. */
  readonly started: string;
  readonly command: string;
  /** Why, as what follows "because". */
  readonly reason: string;
  /** Share of CPU time that a hypervisor took meanwhile. */
  readonly steal: number;
}

/**
 * `results` with all workloads of `later` replaced. Throws if the later run is of another size or machine, or was not measured later: then they are two
 * runs, and one page cannot speak of both.
 */
export function measuredAgain(
  results: Results,
  later: Results,
  reason = 'the first time is not to be used',
): Results {
  const { run, machine } = results;
  const differs = [
    ...(later.run.tier === run.tier ? [] : [`its size is ${later.run.tier}, not ${run.tier}`]),
    ...(later.run.started > run.started ? [] : ['it is not the later one']),
    ...(['cpu', 'cpus', 'kernel', 'node'] as const)
      .filter((key) => later.machine[key] !== machine[key])
      .map((key) => `${key} is ${later.machine[key]}, not ${machine[key]}`),
  ];
  if (differs.length > 0) throw new Error(`these are two runs: ${differs.join('; ')}`);
  const workloads = [...new Set(later.lines.map(({ workload }) => workload))];
  const isKept = ({ workload }: { readonly workload: string }): boolean => !workloads.includes(workload);
  const isMissingKept = (text: string): boolean => !workloads.some((name) => text.startsWith(`${name}: `));
  const { commit, is_dirty } = later.machine;
  const { started, command, steal } = later.run;
  const again: MeasuredAgain = { workloads, commit, is_dirty, started, command, reason, steal };
  return {
    machine,
    lines: [...results.lines.filter(isKept), ...later.lines],
    run: {
      ...run,
      again: [...(run.again ?? []), again],
      noise: [
        ...run.noise,
        ...later.run.noise.map((text) => `${workloads.join(', ')}, measured again: ${text}`),
      ],
      missing: [...new Set([...run.missing.filter(isMissingKept), ...later.run.missing])],
    },
  };
}
