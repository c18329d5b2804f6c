// What stands around every page: first run, sign-in, or the frame with navigation.
import { Center, Loader } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useSession } from '../api/session'
import { openStream } from '../api/stream'
import { Failure } from '../part/State'
import { Frame } from './Frame'

const SignIn = lazy(() => import('../page/sign/SignIn').then((page) => ({ default: page.SignIn })))
const NewPassword = lazy(() => import('../page/sign/NewPassword').then((page) => ({ default: page.NewPassword })))
const Welcome = lazy(() => import('../page/sign/Welcome').then((page) => ({ default: page.Welcome })))

const waiting = (
  <Center h="100vh">
    <Loader aria-label="Loading" />
  </Center>
)

export function Root() {
  const session = useSession()
  const client = useQueryClient()
  const [welcomed, setWelcomed] = useState(false)
  const data = session.data
  const inside = Boolean(data?.signed_in && !data.must_change_password)

  useEffect(() => (inside ? openStream(client) : undefined), [inside, client])

  if (!data) {
    if (session.isError) {
      return (
        <Center h="100vh" component="main">
          <Failure error={session.error} retry={() => void session.refetch()} />
        </Center>
      )
    }
    return waiting
  }
  if (!data.signed_in) {
    return (
      <Suspense fallback={waiting}>
        <SignIn session={data} />
      </Suspense>
    )
  }
  if (data.must_change_password) {
    return (
      <Suspense fallback={waiting}>
        <NewPassword first={data.setup_needed} />
      </Suspense>
    )
  }
  if (data.setup_needed && !welcomed && data.permissions.includes('setting.write')) {
    return (
      <Suspense fallback={waiting}>
        <Welcome done={() => setWelcomed(true)} />
      </Suspense>
    )
  }
  return <Frame />
}
