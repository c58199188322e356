/** The benchmark as a program; `capstan bench …` starts it with the same arguments. */
import { runBench } from './run-command.js';
import { guardOutput } from './statistics/output.js';

guardOutput('capstan bench');
process.exitCode = await runBench(process.argv.slice(2));
