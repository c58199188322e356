/** The program behind `npm run docs:api`. */
import { writeFileSync } from 'node:fs';
import { apiPath, renderApi } from './api-surface.js';

writeFileSync(apiPath, renderApi());
