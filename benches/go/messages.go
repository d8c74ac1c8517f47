//go:build grpc

package main

import "github.com/golang/protobuf/proto"

// The messages are written by hand, so that nobody needs protoc. The methods with XXX are those that generated ones
// have: without them the package looks for its tables under a lock in every call.

type itemMessage struct {
	ID     uint64   `protobuf:"varint,1,opt,name=id,proto3"`
	Name   string   `protobuf:"bytes,2,opt,name=name,proto3"`
	Values []uint32 `protobuf:"varint,3,rep,packed,name=values,proto3"`

	XXX_unrecognized []byte
	XXX_sizecache    int32
}

type blobMessage struct {
	Bytes []byte `protobuf:"bytes,1,opt,name=bytes,proto3"`

	XXX_unrecognized []byte
	XXX_sizecache    int32
}

// extentMessage is how much a stream has: items, and bytes of an item.
type extentMessage struct {
	Items uint64 `protobuf:"varint,1,opt,name=items,proto3"`
	Size  uint64 `protobuf:"varint,2,opt,name=size,proto3"`

	XXX_unrecognized []byte
	XXX_sizecache    int32
}

var itemTables, blobTables, extentTables proto.InternalMessageInfo

func (*itemMessage) ProtoMessage()    {}
func (m *itemMessage) Reset()         { *m = itemMessage{} }
func (m *itemMessage) String() string { return proto.CompactTextString(m) }
func (m *itemMessage) XXX_Size() int  { return itemTables.Size(m) }
func (m *itemMessage) XXX_Unmarshal(bytes []byte) error {
	return itemTables.Unmarshal(m, bytes)
}
func (m *itemMessage) XXX_Marshal(bytes []byte, deterministic bool) ([]byte, error) {
	return itemTables.Marshal(bytes, m, deterministic)
}

func (*blobMessage) ProtoMessage()    {}
func (m *blobMessage) Reset()         { *m = blobMessage{} }
func (m *blobMessage) String() string { return proto.CompactTextString(m) }
func (m *blobMessage) XXX_Size() int  { return blobTables.Size(m) }
func (m *blobMessage) XXX_Unmarshal(bytes []byte) error {
	return blobTables.Unmarshal(m, bytes)
}
func (m *blobMessage) XXX_Marshal(bytes []byte, deterministic bool) ([]byte, error) {
	return blobTables.Marshal(bytes, m, deterministic)
}

func (*extentMessage) ProtoMessage()    {}
func (m *extentMessage) Reset()         { *m = extentMessage{} }
func (m *extentMessage) String() string { return proto.CompactTextString(m) }
func (m *extentMessage) XXX_Size() int  { return extentTables.Size(m) }
func (m *extentMessage) XXX_Unmarshal(bytes []byte) error {
	return extentTables.Unmarshal(m, bytes)
}
func (m *extentMessage) XXX_Marshal(bytes []byte, deterministic bool) ([]byte, error) {
	return extentTables.Marshal(bytes, m, deterministic)
}
