// Where nothing is, and where something broke.
import { Anchor, Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { Nothing } from '../part/State'

export function Lost() {
  return (
    <Nothing
      title="There is no such page"
      action={<Anchor renderRoot={(props) => <Link to="/" {...props} />}>To the overview</Anchor>}
    >
      The address may be old or mistyped.
    </Nothing>
  )
}

export function Broken({ error, reset }: { error: unknown; reset: () => void }) {
  // A page's file that is not there any more means that the monitor was updated meanwhile.
  const message = error instanceof Error ? error.message : String(error)
  const updated = /dynamically imported|module script/i.test(message)
  return (
    <Nothing
      title={updated ? 'The monitor was updated' : 'This page broke'}
      action={
        <Button onClick={() => (updated ? location.reload() : reset())}>
          {updated ? 'Load it again' : 'Try again'}
        </Button>
      }
    >
      {updated ? 'Load the page again to go on with the new version.' : `What happened: ${message}`}
    </Nothing>
  )
}
