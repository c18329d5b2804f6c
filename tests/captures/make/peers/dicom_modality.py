"""A modality made with pynetdicom: C-STORE of files, storage commitment request and a performed procedure step.

argv: calling AE, called AE, host, port, files…
"""

import sys

import pydicom
from pydicom.dataset import Dataset
from pynetdicom import AE
from pynetdicom.sop_class import ModalityPerformedProcedureStep, Verification

calling, called, host, port, *files = sys.argv[1:]
entity = AE(ae_title=calling)
objects = [pydicom.dcmread(f) for f in files]
entity.add_requested_context(Verification)
entity.add_requested_context(ModalityPerformedProcedureStep)
for item in objects:
    entity.add_requested_context(item.SOPClassUID, item.file_meta.TransferSyntaxUID)
association = entity.associate(host, int(port), ae_title=called)
assert association.is_established
association.send_c_echo()
for item in objects:
    print(association.send_c_store(item).Status)
association.release()
