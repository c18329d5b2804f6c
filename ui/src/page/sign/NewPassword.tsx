// Shown when the password must be changed before anything else.
import { Anchor } from '@mantine/core'
import { useSignOut } from '../../api/session'
import { Gate } from './Gate'
import { PasswordForm } from './PasswordForm'

export function NewPassword({ first }: { first: boolean }) {
  const signOut = useSignOut()
  return (
    <Gate
      title="Choose your password"
      sub={
        first
          ? 'The one-time password ends here.'
          : 'An administrator gave you a one-time password. Choose your own now.'
      }
    >
      <PasswordForm done={() => {}} oldLabel="One-time password" />
      <Anchor component="button" type="button" size="sm" mt="sm" onClick={() => void signOut()}>
        Sign out
      </Anchor>
    </Gate>
  )
}
