// Reads the API with haystack-nclient, and says where its answers differ from haystack-core's own.
//
//   node haystack_client.mjs FOLDER_OF_NODE_MODULES < request.json > answer.json
import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'

const require = createRequire(`${process.argv[2]}/package.json`)
const { HFilter, HGrid, HNum, HRef, HBool } = require('haystack-core')
const { Client } = require('haystack-nclient')
const units = require('haystack-units')

const request = JSON.parse(await text(process.stdin))
const client = new Client({
	base: new URL(request.url),
	authBearer: request.token,
	fetch: (...call) => fetch(...call),
	getOpUrl: ({ op }) => `${request.url}/${op}`,
})

const all = await client.ops.read('id')
const records = new Map(all.getRows().map((row) => [row.get('id').value, row]))

function selected(filter) {
	const parsed = new HFilter(filter)
	const resolve = (ref) => records.get(ref.value)
	return [...records].filter(([, dict]) => parsed.eval({ dict, resolve })).map(([id]) => id)
}

async function differing(filter) {
	const rows = (await client.ops.read(filter)).getRows()
	const ids = rows.map((row) => row.get('id').value)
	return JSON.stringify(ids) === JSON.stringify(selected(filter)) ? [] : [{ filter, ids }]
}

function value(hval) {
	if (hval instanceof HNum) return hval.value
	return hval instanceof HBool ? Number(hval.value) : null
}

async function history(id, range) {
	const grid = await client.ops.hisRead(HRef.make(id), range)
	return grid.getRows().map((row) => [row.get('ts').date.getTime(), value(row.get('val'))])
}

const mismatches = []
for (const filter of request.filters) mismatches.push(...(await differing(filter)))
const histories = {}
for (const id of request.ids) histories[id] = await history(id, request.range)
const symbols = new Set(Object.values(units).flatMap((unit) => unit.ids ?? []))

console.log(
	JSON.stringify({
		about: (await client.ops.about()).get(0).get('haystackVersion').value,
		ops: (await client.ops.ops()).getRows().map((row) => row.get('name').value),
		formats: (await client.ops.formats()).getRows().map((row) => row.get('mime').value),
		empty: (await client.ops.invokeOp('close')) instanceof HGrid,
		sites: (await client.ops.nav()).getRows().map((row) => row.get('navId').value),
		records: [...records].map(([id, dict]) => ({ id, pointName: dict.get('pointName')?.value ?? null })),
		selected: request.filters.map((filter) => selected(filter).length),
		mismatches,
		histories,
		unknown_units: request.units.filter((symbol) => !symbols.has(symbol)),
		error: await client.ops.read('point and').then(
			() => null,
			(error) => String(error.message),
		),
	}),
)
