/**
 * `capstan bench report DIR`: makes report.html, report.md, cells.csv and the histograms of a run again.
 * Exit status: 0 made, 1 there is no finished run, or it could not be written, 2 wrong usage.
 */
import { Command } from 'commander';
import { parsed, tellFailure } from './failure.js';
import { withPage } from './pages.js';
import { writeReport } from './report/index.js';
import { readResults } from './results/directory.js';
import { standardOutput } from './statistics/output.js';

interface Arguments {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const name = 'capstan bench report';

export function createReportCommand(): Command {
  const command = new Command(name)
    .description(
      'Makes report.html, report.md, cells.csv and the histograms of a run again, from its results; measures nothing.',
    )
    .argument('<DIR>', "directory of a finished run, which 'capstan bench --out DIR' has written")
    .option('--json', 'one object: what was written')
    .option('--quiet', 'say nothing but errors')
    .option('--no-color', 'changes nothing: there are no colours');
  return withPage(command, {
    statuses: ['made', 'there is no finished run, or the report cannot be written', 'wrong usage'],
    examples: [['capstan bench report DIR', 'then open DIR/report.html']],
  });
}

/** The exit status. */
export async function runReport(args: readonly string[], output = standardOutput()): Promise<number> {
  const command = createReportCommand();
  const status = parsed(command, args, output);
  if (status !== undefined) return status;
  const { json, quiet } = command.opts<Arguments>();
  const [directory = ''] = command.args;
  try {
    const said = await writeReport(readResults(directory), directory);
    if (json === true) output.out(JSON.stringify({ kind: 'report', written: said }));
    else if (quiet !== true) for (const line of said) output.out(line);
    return 0;
  } catch (error) {
    tellFailure(output, name, error, json === true);
    return 1;
  }
}
