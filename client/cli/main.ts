#!/usr/bin/env node
/** Starts the command. What it is built into is one file; a trace is to name the files that people read. */
// oxlint-disable-next-line node/no-process-env -- before any settings can be loaded
if (process.env['PAWL_DEBUG'] !== undefined) process.setSourceMapsEnabled(true);
await import('./program.ts');
