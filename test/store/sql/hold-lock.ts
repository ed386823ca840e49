// Holds the write lock of a SQLite file for a while, as a process does that writes much: node hold-lock.ts FILE MS. Prints a line when it has it.
import { DatabaseSync } from 'node:sqlite';

const [, , file = '', ms = '0'] = process.argv;
const database = new DatabaseSync(file);
database.exec('BEGIN IMMEDIATE');
process.stdout.write('locked\n');
setTimeout(() => {
  database.exec('COMMIT');
  database.close();
}, Number(ms));
